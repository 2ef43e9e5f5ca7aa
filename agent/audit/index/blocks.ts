/**
 * What is known of a segment's rows by blocks of them: when each block begins and how many events of
 * each kind it has. With it, times are found and kinds are counted without reading whole columns.
 */
import { lengthOf, type Rows } from "./rows.ts";
import type { SegmentIndex } from "./segment.ts";

export const blockRows = 2048;
/** Kinds are numbers below this: eight sources with eight outcomes. */
export const kindCount = 64;

/** @returns the times of the first row of each block, and how often each kind stands in each. */
export function blocksOf(times: Uint32Array, kinds: Uint8Array): [Uint32Array, Uint16Array] {
  const blocks = Math.ceil(times.length / blockRows);
  const counts = new Uint16Array(blocks * kindCount);
  for (let row = 0; row < kinds.length; row++) {
    const block = Math.floor(row / blockRows);
    (counts[block * kindCount + (kinds[row] as number)] as number)++;
  }
  const begins = Uint32Array.from({ length: blocks }, (_, i) => times[i * blockRows] as number);
  return [begins, counts];
}

/** @returns the first row of a sorted segment whose time, as it is kept, is not before `time`. */
export function rowFrom(index: SegmentIndex, time: number): number {
  const after = firstAtLeast(index.part("blockTimes"), time);
  if (after === 0) return 0;
  const start = (after - 1) * blockRows;
  const end = Math.min(start + blockRows, index.header.count);
  return start + firstAtLeast(index.slice("time", start, end), time);
}

/** Adds to `counts` how often each kind stands in the rows. */
export function countKinds(index: SegmentIndex, rows: Rows, counts: Uint32Array): void {
  if (lengthOf(rows) === 0) return;
  if (rows instanceof Uint16Array) {
    const from = rows[0] as number;
    const kinds = index.slice("kind", from, (rows.at(-1) as number) + 1);
    for (let i = 0; i < rows.length; i++) {
      (counts[kinds[(rows[i] as number) - from] as number] as number)++;
    }
    return;
  }
  const { start, end } = rows;
  const from = Math.ceil(start / blockRows);
  const to = end === index.header.count ? Math.ceil(end / blockRows) : Math.floor(end / blockRows);
  if (from >= to) {
    countAll(index.slice("kind", start, end), counts);
    return;
  }
  const sums = index.part("blockKinds");
  for (let i = from * kindCount; i < to * kindCount; i++) {
    (counts[i % kindCount] as number) += sums[i] as number;
  }
  if (start < from * blockRows) countAll(index.slice("kind", start, from * blockRows), counts);
  if (to * blockRows < end) countAll(index.slice("kind", to * blockRows, end), counts);
}

function countAll(kinds: Uint8Array, counts: Uint32Array): void {
  for (let i = 0; i < kinds.length; i++) (counts[kinds[i] as number] as number)++;
}

/** @returns the place of the first of these ascending times that is not before `time`. */
function firstAtLeast(times: Uint32Array, time: number): number {
  let low = 0;
  let high = times.length;
  while (low < high) {
    const middle = (low + high) >> 1;
    if ((times[middle] as number) < time) low = middle + 1;
    else high = middle;
  }
  return low;
}
