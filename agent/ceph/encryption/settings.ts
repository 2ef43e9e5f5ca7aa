/** What daemons require of connections, as they run: each is asked by itself, and not often. */
import * as v from "valibot";
import { DsecosError } from "../../bus/errors.ts";
import { forEachBounded } from "../../tenants/locks.ts";
import type { Ceph } from "../link/types.ts";

const keptMs = 300_000;
const width = 8;
/** Asked at once; the next question goes on with the others. */
const mostAsked = 500;

const answerSchema = v.array(v.object({ name: v.string(), value: v.string() }));
const wanted = /^ms_(mon_)?(cluster|service|client)_mode$/;

export class DaemonSettings {
  readonly #link: Ceph;
  readonly #known = new Map<string, { at: number; values: ReadonlyMap<string, string> }>();

  constructor(link: Ceph) {
    this.#link = link;
  }

  /** Of daemons that answered within five minutes. */
  all(): Map<string, ReadonlyMap<string, string>> {
    const oldest = performance.now() - keptMs;
    for (const [name, { at }] of this.#known) if (at < oldest) this.#known.delete(name);
    return new Map([...this.#known].map(([name, { values }]) => [name, values]));
  }

  /** Asks those of which nothing is known, or nothing new. */
  async renew(names: readonly string[]): Promise<void> {
    const known = this.all();
    const asked = names.filter((name) => !known.has(name)).slice(0, mostAsked);
    await forEachBounded(asked, width, async (name) => {
      try {
        const answer = v.parse(answerSchema, await this.#link.mon("config show", { who: name }));
        const kept = answer.filter((one) => wanted.test(one.name));
        const values = new Map(kept.map((one) => [one.name, one.value]));
        this.#known.set(name, { at: performance.now(), values });
      } catch (error) {
        // One that is not known counts as unknown, and is asked again the next time.
        if (!(error instanceof DsecosError)) throw error;
      }
    });
  }
}
