/**
 * What daemons run with: each is asked by itself, and not often. Of most is kept only what somebody
 * changed, and of many that have the same it is kept once.
 */
import * as v from "valibot";
import { DsecosError } from "../../bus/errors.ts";
import { forEachBounded } from "../../tenants/locks.ts";
import type { Ceph } from "../link/types.ts";
import type { Running } from "../settings/rows.ts";

const keptMs = 300_000;
const width = 8;
/** Asked at once; the next question goes on with the others. */
const mostAsked = 500;
/** Names of daemons that are kept of each value. */
const mostNames = 20;

const answerSchema = v.array(
  v.object({ name: v.string(), value: v.string(), source: v.optional(v.string(), "") }),
);
const wanted = /^ms_(mon_)?(cluster|service|client)_mode$/;

/** From the monitors' own settings, which are listed by themselves, and what nobody changed. */
const elsewhere = new Set(["mon", "default"]);

interface Known {
  at: number;
  values: ReadonlyMap<string, string>;
  /** Each as the text of its name, value and source. */
  changed: readonly string[];
}

export class DaemonSettings {
  readonly #link: Ceph;
  readonly #known = new Map<string, Known>();
  /** Texts that were seen, so that thousands of daemons share them. */
  readonly #texts = new Map<string, string>();

  constructor(link: Ceph) {
    this.#link = link;
  }

  /** How connections are made, of daemons that answered within five minutes. */
  all(): Map<string, ReadonlyMap<string, string>> {
    const oldest = performance.now() - keptMs;
    for (const [name, { at }] of this.#known) if (at < oldest) this.#known.delete(name);
    return new Map([...this.#known].map(([name, { values }]) => [name, values]));
  }

  /** What their files, command lines and overrides give daemons, each value once. */
  differing(): Running[] {
    const found = new Map<string, { daemons: string[]; count: number }>();
    for (const [daemon, { changed }] of this.#known) {
      for (const text of changed) {
        const one = found.get(text) ?? { daemons: [], count: 0 };
        found.set(text, one);
        one.count += 1;
        if (one.daemons.length < mostNames) one.daemons.push(daemon);
      }
    }
    return [...found].map(([text, { daemons, count }]) => {
      const [name = "", value = "", source = ""] = JSON.parse(text) as string[];
      return { name, value, source, daemons, daemonCount: count };
    });
  }

  /** Asks those of which nothing is known, or nothing new. */
  async renew(names: readonly string[]): Promise<void> {
    const known = this.all();
    if (known.size === 0) this.#texts.clear();
    const asked = names.filter((name) => !known.has(name)).slice(0, mostAsked);
    await forEachBounded(asked, width, async (who) => {
      try {
        const answer = v.parse(answerSchema, await this.#link.mon("config show", { who }));
        const modes = answer.filter(({ name }) => wanted.test(name));
        this.#known.set(who, {
          at: performance.now(),
          values: new Map(modes.map(({ name, value }) => [name, value])),
          changed: answer.flatMap(({ name, value, source }) =>
            elsewhere.has(source) ? [] : this.#shared(JSON.stringify([name, value, source])),
          ),
        });
      } catch (error) {
        // One that is not known counts as unknown, and is asked again the next time.
        if (!(error instanceof DsecosError)) throw error;
      }
    });
  }

  #shared(text: string): string {
    const known = this.#texts.get(text);
    if (known !== undefined) return known;
    this.#texts.set(text, text);
    return text;
  }
}
