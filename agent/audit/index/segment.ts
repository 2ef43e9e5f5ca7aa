/**
 * The index of one segment: for each event its time, tenant, action, source and outcome in its row,
 * for each actor and flow the rows that have it, and a hash of the object.
 */
import { placeOf } from "./hashes.ts";

export interface Header {
  /** Index of the segment's first event. */
  first: number;
  count: number;
  /** Size of the segment's file; 0 for one that is being written. */
  bytes: number;
  /** Earliest and latest time, in milliseconds since 1970. */
  base: number;
  last: number;
  /** Times are kept in units of 2^shift milliseconds after `base`. */
  shift: number;
  /** Whether no event has an earlier time than the one before it. */
  sorted: boolean;
  /** Names by their codes; code 0 is for none. */
  tenants: string[];
  actions: string[];
  /** How many events have each of them. */
  tenantCounts: number[];
  actionCounts: number[];
}

export interface Parts {
  time: Uint32Array;
  /** 8 times the number of the source, plus that of the outcome. */
  kind: Uint8Array;
  tenant: Uint8Array | Uint16Array;
  action: Uint8Array | Uint16Array;
  /** Hashes of the actors in order; where the rows of each begin; the rows. */
  actorKeys: Float64Array;
  actorStarts: Uint16Array;
  actorRows: Uint16Array;
  flowKeys: Float64Array;
  flowStarts: Uint16Array;
  flowRows: Uint16Array;
  /** 24 bits of the object's hash, 0 for none: the upper 16 and the lower 8. */
  object: Uint16Array;
  objectLow: Uint8Array;
}

export type PartName = keyof Parts;

export const timeUnit = (shift: number): number => 2 ** shift;

export class SegmentIndex {
  readonly header: Header;
  readonly #part: <N extends PartName>(name: N) => Parts[N];

  constructor(header: Header, part: <N extends PartName>(name: N) => Parts[N]) {
    this.header = header;
    this.#part = part;
  }

  part<N extends PartName>(name: N): Parts[N] {
    return this.#part(name);
  }

  /** @returns the rows that have the actor or flow with this hash, ascending. */
  rowsOf(column: "actor" | "flow", hash: number): Uint16Array {
    const place = placeOf(this.part(`${column}Keys`), hash);
    if (place < 0) return new Uint16Array();
    const starts = this.part(`${column}Starts`);
    const rows = this.part(`${column}Rows`);
    return rows.subarray(starts[place], starts[place + 1] ?? rows.length);
  }

  /** @returns the rows between which times from `from` to before `to` lie; all where none is ruled out. */
  range(from: number, to: number): [number, number] {
    const { base, last, count, sorted, shift } = this.header;
    if (count === 0 || last < from || base >= to) return [0, 0];
    if (!sorted || (base >= from && last < to)) return [0, count];
    const unit = timeUnit(shift);
    // Rounded so that no event is left out; what is shown is checked again.
    const times = this.part("time");
    const start = firstAtLeast(times, Math.floor((from - base) / unit));
    const end = firstAtLeast(times, Math.floor((to - 1 - base) / unit) + 1);
    return [start, end];
  }
}

/** @returns the place of the first of these ascending times that is not before `time`. */
export function firstAtLeast(times: Uint32Array, time: number): number {
  let low = 0;
  let high = times.length;
  while (low < high) {
    const middle = (low + high) >> 1;
    if ((times[middle] as number) < time) low = middle + 1;
    else high = middle;
  }
  return low;
}
