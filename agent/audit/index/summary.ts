/** Counts over what passes a filter: over time, and by what occurs most. */
import type { Summary } from "../answers.ts";
import { outcomes, sources } from "../entry.ts";
import type { LogReader } from "../segments/reader.ts";
import { Counter } from "./counter.ts";
import { Entries } from "./entries.ts";
import { outcomeNumber } from "./fields.ts";
import { type Buckets, bucketsFor } from "./histogram.ts";
import { countsOf, flagsOf, lengthOf, part, placeFrom, type Rows, rowAt } from "./rows.ts";
import { firstAtLeast, type Header, type SegmentIndex, timeUnit } from "./segment.ts";
import { type Selection, select } from "./select.ts";
import type { LogIndex } from "./store.ts";
import { passes, type Reads, type Wanted } from "./wanted.ts";

const mostValues = 50;
const mostMs = 5000;
/** Per bucket: success, failure, refused, other. */
const lanes = 4;
const other = 3;
const laneOf = Uint8Array.from({ length: 256 }, (_, kind) => {
  const lane = ["success", "failure", "refused"].findIndex((o) => outcomeNumber(o) === (kind & 7));
  return lane < 0 ? other : lane;
});

export function summarize(
  index: LogIndex,
  reader: LogReader,
  wanted: Wanted,
  reads: Reads,
  mostTime = mostMs,
): Summary {
  const deadline = performance.now() + mostTime;
  const entries = new Entries(reader);
  const segments = index.segments().filter((one) => index.mayHave(one, wanted.from, wanted.to));
  const tally = new Tally(rangeOf(index, segments, wanted));
  let complete = true;
  for (const segment of segments) {
    if (performance.now() > deadline) {
      complete = false;
      break;
    }
    index.use(segment, (one) => {
      let selection = select(one, wanted, reads);
      if (!selection.exact) {
        const checked = check(selection, segment.first, entries, wanted, reads, deadline);
        if (!checked.complete) complete = false;
        selection = checked;
      }
      tally.add(one, selection);
    });
    if (!complete) break;
  }
  return tally.summary(complete, (event) => entries.at(event)?.entry.actor);
}

/** Begin and end of the histogram: what was asked for, within what the log has. */
function rangeOf(
  index: LogIndex,
  segments: ReturnType<LogIndex["segments"]>,
  wanted: Wanted,
): Buckets {
  let from = Infinity;
  let to = 0;
  for (const segment of segments) {
    const { base, last } = index.use(segment, ({ header }) => header);
    from = Math.min(from, base);
    to = Math.max(to, last);
  }
  from = Math.max(from, wanted.from);
  to = Math.min(to, wanted.to - 1);
  return from <= to ? bucketsFor(from, to) : { from: 0, step: 1000, count: 1 };
}

/** Reads what the index cannot tell for sure. */
function check(
  { start, end, rows }: Selection,
  first: number,
  entries: Entries,
  wanted: Wanted,
  reads: Reads,
  deadline: number,
): Selection & { complete: boolean } {
  const passed: number[] = [];
  const count = rows?.length ?? end - start;
  let complete = true;
  for (let i = count - 1; i >= 0; i--) {
    if (performance.now() > deadline) {
      complete = false;
      break;
    }
    const row = rows?.[i] ?? start + i;
    const read = entries.at(first + row);
    if (read !== undefined && passes(read.entry, read.payload, wanted, reads)) passed.push(row);
  }
  return { start, end, rows: Uint16Array.from(passed.reverse()), exact: true, complete };
}

class Tally {
  readonly #buckets: Buckets;
  readonly #histogram: Float64Array;
  readonly #tenants = new Map<string, number>();
  readonly #actions = new Map<string, number>();
  readonly #kinds = new Float64Array(256);
  readonly #actors = new Counter();
  #total = 0;

  constructor(buckets: Buckets) {
    this.#buckets = buckets;
    this.#histogram = new Float64Array(buckets.count * lanes);
  }

  add(index: SegmentIndex, { start, end, rows }: Selection): void {
    const count = rows?.length ?? end - start;
    if (count === 0) return;
    this.#total += count;
    const { header } = index;
    const chosen = rows ?? { start, end };
    for (const [into, name] of [
      [this.#tenants, "tenant"] as const,
      [this.#actions, "action"] as const,
    ]) {
      const values = header[`${name}s`];
      const all = count === header.count;
      const counted = () => countsOf(index.part(name), values.length, chosen);
      merge(into, values, all ? header[`${name}Counts`] : counted());
    }
    this.#addKinds(index, chosen);
    this.#addActors(index, chosen);
  }

  #addKinds(index: SegmentIndex, chosen: Rows): void {
    const kind = index.part("kind");
    const times = index.part("time");
    for (let i = 0; i < lengthOf(chosen); ) {
      const { bucket, until } = this.#bucketOf(index.header, times, rowAt(chosen, i));
      const end = placeFrom(chosen, until);
      const counts = countsOf(kind, 256, part(chosen, i, end));
      for (let what = 0; what < 256; what++) {
        const count = counts[what] as number;
        if (count === 0) continue;
        (this.#kinds[what] as number) += count;
        (this.#histogram[bucket * lanes + (laneOf[what] as number)] as number) += count;
      }
      i = end;
    }
  }

  /** @returns the bucket of a row, and the row from which on it may be another. */
  #bucketOf(header: Header, times: Uint32Array, row: number): { bucket: number; until: number } {
    const { from, step, count } = this.#buckets;
    const unit = timeUnit(header.shift);
    const time = header.base + (times[row] as number) * unit;
    const bucket = Math.min(count - 1, Math.max(0, Math.floor((time - from) / step)));
    if (!header.sorted) return { bucket, until: row + 1 };
    const next = Math.ceil((from + (bucket + 1) * step - header.base) / unit);
    return { bucket, until: Math.max(row + 1, firstAtLeast(times, next)) };
  }

  #addActors(index: SegmentIndex, chosen: Rows): void {
    const keys = index.part("actorKeys");
    const starts = index.part("actorStarts");
    const rows = index.part("actorRows");
    const { first, count } = index.header;
    const counts = new Uint32Array(keys.length);
    const samples = new Uint16Array(keys.length);
    const flags = lengthOf(chosen) === count ? undefined : flagsOf(count, chosen);
    for (let k = 0; k < keys.length; k++) {
      const begin = starts[k] as number;
      const end = k + 1 < starts.length ? (starts[k + 1] as number) : rows.length;
      if (flags === undefined) {
        counts[k] = end - begin;
        samples[k] = rows[begin] as number;
        continue;
      }
      for (let i = begin; i < end; i++) {
        const row = rows[i] as number;
        if (flags[row] === 0) continue;
        (counts[k] as number)++;
        samples[k] = row;
      }
    }
    this.#actors.add(keys, counts, samples, first);
  }

  summary(complete: boolean, actorOf: (event: number) => string | undefined): Summary {
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
    const kinds = (nameOf: (kind: number) => string | undefined) => {
      const counts = new Map<string, number>();
      for (const [kind, n] of this.#kinds.entries()) {
        const name = nameOf(kind);
        if (n > 0 && name !== undefined) counts.set(name, (counts.get(name) ?? 0) + n);
      }
      return top(counts);
    };
    return {
      total: this.#total,
      complete,
      histogram:
        this.#total === 0
          ? { from: "", to: "", buckets: [] }
          : { from: time(0), to: time(count), buckets },
      facets: {
        tenants: top(this.#tenants),
        actors: this.#actors.top(mostValues).flatMap(({ count: n, sample }) => {
          const value = actorOf(sample);
          return value === undefined ? [] : [{ value, count: n }];
        }),
        actions: top(this.#actions),
        sources: kinds((kind) => sources[kind >> 3]),
        outcomes: kinds((kind) => outcomes[kind & 7]),
      },
    };
  }
}

/** Code 0 is for none and is not counted. */
function merge(
  into: Map<string, number>,
  names: readonly string[],
  counts: ArrayLike<number>,
): void {
  for (let code = 1; code < names.length; code++) {
    const count = counts[code] as number;
    const name = names[code] as string;
    if (count > 0) into.set(name, (into.get(name) ?? 0) + count);
  }
}

function top(counts: ReadonlyMap<string, number>): { value: string; count: number }[] {
  return [...counts]
    .map(([value, count]) => ({ value, count }))
    .sort((a, b) => b.count - a.count)
    .slice(0, mostValues);
}
