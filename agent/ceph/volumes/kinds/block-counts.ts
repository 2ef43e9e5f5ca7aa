/**
 * What is in disks, counted behind the rounds of the reconciler, which would wait for minutes: RBD keeps
 * no count of images whose clients do not lock them. One disk or pool at a time, each once an hour.
 */
import { DsecosError } from "../../../bus/errors.ts";
import { explain, type Log } from "../../../log.ts";
import { type BlockEngine, type Place, specOf } from "./block-engine.ts";

const everyMs = 3_600_000;
/** One that could not be counted is tried again then. */
const againMs = 60_000;

export interface Count {
  /** Bytes; -1 while it is not known. */
  used: number;
  /** When it was counted, as an ISO time; empty while it was not. */
  at: string;
}

interface Entry<T> {
  value: T;
  /** When it was tried last, and how long that is good for, in milliseconds. */
  triedAt: number;
  goodMs: number;
  isWaiting: boolean;
}

export class BlockCounts {
  readonly #parts: { images: BlockEngine; log: Log; now: () => number };
  readonly #disks = new Map<string, Entry<Count>>();
  /** By pool, a sentence for each finding. */
  readonly #pools = new Map<string, Entry<readonly string[]>>();
  #turn: Promise<void> = Promise.resolve();

  constructor(parts: { images: BlockEngine; log: Log; now: () => number }) {
    this.#parts = parts;
  }

  /** As it was counted last; has it counted where that is long ago. */
  of(place: Place): Count {
    const { images, now } = this.#parts;
    return this.#look(this.#disks, specOf(place), { used: -1, at: "" }, async () => ({
      used: await images.count(place),
      at: new Date(now()).toISOString(),
    }));
  }

  forget(place: Place): void {
    this.#disks.delete(specOf(place));
  }

  /** What was found in a pool last that belongs to no image, a sentence for each. */
  looseIn(pool: string): readonly string[] {
    return this.#look(this.#pools, pool, [], async () => {
      const { loose, isWhole } = await this.#parts.images.loose(pool);
      const found = loose.map(
        ({ namespace, name }) =>
          `The object ${name} in the namespace ${namespace} of ${pool} belongs to no disk: its tenant's client wrote it there past RBD, or it was left when a disk was removed; look at it (rados -p ${pool} -N ${namespace} stat ${name}) and remove it.`,
      );
      const more = `${pool} has more objects than can be listed in half a minute, so that not all that belong to no disk are known.`;
      return isWhole ? found : [...found, more];
    });
  }

  #look<T>(kept: Map<string, Entry<T>>, id: string, none: T, count: () => Promise<T>): T {
    const { log, now } = this.#parts;
    const entry = kept.get(id) ?? { value: none, triedAt: 0, goodMs: -1, isWaiting: false };
    kept.set(id, entry);
    // A clock that is put back ends the wait, too.
    if (entry.isWaiting || Math.abs(now() - entry.triedAt) <= entry.goodMs) return entry.value;
    entry.isWaiting = true;
    this.#turn = this.#turn.then(async () => {
      try {
        // What is gone meanwhile is not asked for any more.
        if (kept.get(id) === entry) entry.value = await count();
        entry.goodMs = everyMs;
      } catch (error) {
        entry.goodMs = againMs;
        const isKnown = error instanceof DsecosError;
        const why = isKnown ? error.message : explain(error);
        log(isKnown ? "info" : "error", "a disk or its pool could not be counted", { id, why });
      }
      entry.triedAt = now();
      entry.isWaiting = false;
    });
    return entry.value;
  }
}
