/** What Ceph says of its settings: asked for once by name, since only another version says another thing. */
import * as v from "valibot";
import { DsecosError } from "../../bus/errors.ts";
import { forEachBounded } from "../../tenants/locks.ts";
import type { Ceph } from "../link/types.ts";
import type { Help } from "./rows.ts";

const width = 8;
/** Asked at once; the next question goes on with the others. */
const mostAsked = 500;

const scalar = v.pipe(v.union([v.string(), v.number(), v.boolean()]), v.transform(String));
const helpSchema = v.object({
  level: v.optional(v.string(), ""),
  desc: v.optional(v.string(), ""),
  default: v.optional(scalar, ""),
  /** Of daemons, where it is another one. */
  daemon_default: v.optional(scalar, ""),
  can_update_at_runtime: v.optional(v.boolean(), false),
});

export class SettingHelp {
  readonly #link: Ceph;
  readonly #known = new Map<string, Help | undefined>();
  #version = "";

  constructor(link: Ceph) {
    this.#link = link;
  }

  /** Of those that Ceph was asked for; the others are left out. */
  async of(names: readonly string[]): Promise<ReadonlyMap<string, Help | undefined>> {
    const { version } = this.#link.status();
    if (version !== this.#version) this.#known.clear();
    this.#version = version;
    const asked = names.filter((name) => !this.#known.has(name)).slice(0, mostAsked);
    await forEachBounded(asked, width, (name) => this.#ask(name));
    return new Map(
      names.flatMap((name) => (this.#known.has(name) ? [[name, this.#known.get(name)]] : [])),
    );
  }

  async #ask(name: string): Promise<void> {
    let answer: unknown;
    try {
      answer = await this.#link.mon("config help", { key: name });
    } catch (error) {
      if (!(error instanceof DsecosError)) throw error;
      // Settings of the manager's modules, and of other versions, are none that monitors know.
      if (error.code === "NotFound") this.#known.set(name, undefined);
      return;
    }
    const result = v.safeParse(helpSchema, answer);
    if (!result.success) return;
    const { level, desc, daemon_default, can_update_at_runtime, default: general } = result.output;
    const fallback = daemon_default || general;
    this.#known.set(name, { fallback, level, description: desc, runtime: can_update_at_runtime });
  }
}
