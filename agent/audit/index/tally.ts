/** Adds up what segments have, and tells it as people read it. */
import type { Summary } from "../answers.ts";
import { outcomes, sources } from "../entry.ts";
import { kindCount } from "./blocks.ts";
import { type Counted, Counter } from "./counter.ts";
import type { NameCounts, SegmentCounts } from "./counts.ts";
import { outcomeNumber } from "./fields.ts";
import type { Buckets } from "./histogram.ts";

export type Facet = { value: string; count: number }[];

const mostValues = 50;
/** Per bucket: success, failure, refused, other. */
const lanes = 4;
const other = 3;
const laneOf = Uint8Array.from({ length: kindCount }, (_, kind) => {
  const lane = ["success", "failure", "refused"].findIndex((o) => outcomeNumber(o) === (kind & 7));
  return lane < 0 ? other : lane;
});

export class Tally {
  readonly #buckets: Buckets;
  readonly #histogram: Float64Array;
  readonly #tenants = new Map<string, number>();
  readonly #actions = new Map<string, number>();
  readonly #kinds = new Float64Array(kindCount);
  readonly #actors = new Counter();
  #total = 0;

  constructor(buckets: Buckets) {
    this.#buckets = buckets;
    this.#histogram = new Float64Array(buckets.count * lanes);
  }

  /** @param segment stands for where it was found */
  add({ total, tenants, actions, kinds, actors }: SegmentCounts, segment: number): void {
    this.#total += total;
    merge(this.#tenants, tenants);
    merge(this.#actions, actions);
    for (let i = 0; i < kinds.length; i++) {
      const count = kinds[i] as number;
      if (count === 0) continue;
      const kind = i % kindCount;
      const bucket = (i - kind) / kindCount;
      (this.#kinds[kind] as number) += count;
      (this.#histogram[bucket * lanes + (laneOf[kind] as number)] as number) += count;
    }
    this.#actors.add(actors.keys, actors.counts, segment);
  }

  /** @returns the actors that the summary names, most frequent first. */
  actors(): Counted[] {
    return this.#actors.top(mostValues);
  }

  summary(complete: boolean, actors: Facet): Summary {
    const { from, step, count } = this.#buckets;
    const time = (bucket: number) => new Date(from + bucket * step).toISOString();
    const lane = (bucket: number, n: number) => this.#histogram[bucket * lanes + n] as number;
    const buckets = Array.from({ length: count }, (_, i) => ({
      at: time(i),
      success: lane(i, 0),
      failure: lane(i, 1),
      refused: lane(i, 2),
      other: lane(i, other),
    }));
    return {
      total: this.#total,
      complete,
      histogram:
        this.#total === 0
          ? { from: "", to: "", buckets: [] }
          : { from: time(0), to: time(count), buckets },
      facets: {
        tenants: top(this.#tenants),
        actors,
        actions: top(this.#actions),
        sources: this.#byKind((kind) => sources[kind >> 3]),
        outcomes: this.#byKind((kind) => outcomes[kind & 7]),
      },
    };
  }

  #byKind(nameOf: (kind: number) => string | undefined): Facet {
    const counts = new Map<string, number>();
    for (const [kind, n] of this.#kinds.entries()) {
      const name = nameOf(kind);
      if (n > 0 && name !== undefined) counts.set(name, (counts.get(name) ?? 0) + n);
    }
    return top(counts);
  }
}

function merge(into: Map<string, number>, { names, counts }: NameCounts): void {
  for (let code = 1; code < names.length; code++) {
    const count = counts[code] as number;
    const name = names[code] as string;
    if (count > 0) into.set(name, (into.get(name) ?? 0) + count);
  }
}

function top(counts: ReadonlyMap<string, number>): Facet {
  return [...counts]
    .map(([value, count]) => ({ value, count }))
    .sort((a, b) => b.count - a.count)
    .slice(0, mostValues);
}
