/** What a summary takes from one segment. */
import { countKinds, kindCount, rowFrom } from "./blocks.ts";
import type { Buckets } from "./histogram.ts";
import { countsOf, flagsOf, lengthOf, listed, part, placeFrom, type Rows } from "./rows.ts";
import { type SegmentIndex, timeUnit } from "./segment.ts";
import type { Selection } from "./select.ts";
import type { Wanted } from "./wanted.ts";

/** Names by their codes, and how often each occurs; code 0 is for none. */
export interface NameCounts {
  names: readonly string[];
  counts: ArrayLike<number>;
}

export interface SegmentCounts {
  total: number;
  tenants: NameCounts;
  actions: NameCounts;
  /** How often each kind occurs in each bucket of the histogram: `kindCount` numbers for each. */
  kinds: Uint32Array;
  /** Hashes, ascending, and how often each occurs. */
  actors: { keys: Float64Array; counts: Uint32Array };
}

/** Changes nothing, since it ends half-way where the index turns out to be damaged. */
export function countSegment(
  index: SegmentIndex,
  { start, end, rows }: Selection,
  wanted: Wanted,
  buckets: Buckets,
): SegmentCounts | undefined {
  const chosen = rows ?? { start, end };
  const total = lengthOf(chosen);
  if (total === 0) return undefined;
  return {
    total,
    tenants: namesIn(index, "tenant", chosen),
    actions: namesIn(index, "action", chosen),
    kinds: kindsIn(index, chosen, buckets),
    actors: actorsIn(index, chosen, wanted),
  };
}

function namesIn(index: SegmentIndex, column: "tenant" | "action", chosen: Rows): NameCounts {
  const { header } = index;
  const names = header[`${column}s`];
  const all = lengthOf(chosen) === header.count;
  const counts = all
    ? header[`${column}Counts`]
    : countsOf(index.part(column), names.length, chosen);
  return { names, counts };
}

function kindsIn(index: SegmentIndex, chosen: Rows, buckets: Buckets): Uint32Array {
  const counts = new Uint32Array(buckets.count * kindCount);
  if (index.header.sorted) countByRange(index, chosen, buckets, counts);
  else countByRow(index, chosen, buckets, counts);
  return counts;
}

/** Where no time comes before an earlier one, a bucket has all rows from one to another. */
function countByRange(
  index: SegmentIndex,
  chosen: Rows,
  buckets: Buckets,
  counts: Uint32Array,
): void {
  const { base, shift } = index.header;
  const total = lengthOf(chosen);
  for (let done = 0, bucket = bucketOf(base, buckets); done < total; bucket++) {
    const next = buckets.from + (bucket + 1) * buckets.step;
    const isLast = bucket === buckets.count - 1;
    const row = isLast ? Infinity : rowFrom(index, Math.ceil((next - base) / timeUnit(shift)));
    const end = placeFrom(chosen, row);
    const into = counts.subarray(bucket * kindCount, (bucket + 1) * kindCount);
    countKinds(index, part(chosen, done, end), into);
    done = end;
  }
}

function countByRow(
  index: SegmentIndex,
  chosen: Rows,
  buckets: Buckets,
  counts: Uint32Array,
): void {
  const { base, shift } = index.header;
  const [times, kinds, unit] = [index.part("time"), index.part("kind"), timeUnit(shift)];
  for (const row of listed(chosen)) {
    const bucket = bucketOf(base + (times[row] as number) * unit, buckets);
    (counts[bucket * kindCount + (kinds[row] as number)] as number)++;
  }
}

function bucketOf(time: number, { from, step, count }: Buckets): number {
  return Math.min(count - 1, Math.max(0, Math.floor((time - from) / step)));
}

function actorsIn(index: SegmentIndex, chosen: Rows, wanted: Wanted): SegmentCounts["actors"] {
  const total = lengthOf(chosen);
  // All of them are this one's: who asks for two gets none.
  const [only] = wanted.actors;
  if (only !== undefined) {
    return { keys: Float64Array.of(only.hash), counts: Uint32Array.of(total) };
  }
  const keys = index.part("actorKeys");
  const starts = index.part("actorStarts");
  const counts = new Uint32Array(keys.length);
  if (total === index.header.count) countAll(starts, index.length("actorRows"), counts);
  else countFlagged(starts, index.part("actorRows"), flagsOf(index.header.count, chosen), counts);
  return { keys, counts };
}

function countAll(starts: Uint16Array, end: number, counts: Uint32Array): void {
  for (let k = 0; k < starts.length; k++) {
    const next = k + 1 < starts.length ? (starts[k + 1] as number) : end;
    counts[k] = next - (starts[k] as number);
  }
}

function countFlagged(
  starts: Uint16Array,
  rows: Uint16Array,
  flags: Uint8Array,
  counts: Uint32Array,
): void {
  for (let k = 0; k < starts.length; k++) {
    const next = k + 1 < starts.length ? (starts[k + 1] as number) : rows.length;
    let count = 0;
    for (let i = starts[k] as number; i < next; i++) count += flags[rows[i] as number] as number;
    counts[k] = count;
  }
}
