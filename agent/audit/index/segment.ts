/**
 * The index of one segment: for each event its time, tenant, action, source and outcome in its row,
 * for each actor and flow the rows that have it, and a hash of the object.
 */
import { rowFrom } from "./blocks.ts";
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
  /** By blocks of rows: time of the first row, and how many events of each kind it has. */
  blockTimes: Uint32Array;
  blockKinds: Uint16Array;
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

/** Hands out columns, whole or from one number to before another. */
export interface Columns {
  length(name: PartName): number;
  whole<N extends PartName>(name: N): Parts[N];
  slice<N extends PartName>(name: N, from: number, to: number): Parts[N];
}

export class SegmentIndex {
  readonly header: Header;
  readonly #columns: Columns;

  constructor(header: Header, columns: Columns) {
    this.header = header;
    this.#columns = columns;
  }

  length(name: PartName): number {
    return this.#columns.length(name);
  }

  part<N extends PartName>(name: N): Parts[N] {
    return this.#columns.whole(name);
  }

  slice<N extends PartName>(name: N, from: number, to: number): Parts[N] {
    return this.#columns.slice(name, from, to);
  }

  /** @returns for each hash the rows that have the actor or flow with it, ascending. */
  rowsOf(column: "actor" | "flow", hashes: readonly number[]): Uint16Array[] {
    if (hashes.length === 0) return [];
    const keys = this.part(`${column}Keys`);
    const starts = this.part(`${column}Starts`);
    return hashes.map((hash) => {
      const place = placeOf(keys, hash);
      if (place < 0) return new Uint16Array();
      const rows = `${column}Rows` as const;
      return this.slice(rows, starts[place] as number, starts[place + 1] ?? this.length(rows));
    });
  }

  /** @returns the rows between which times from `from` to before `to` lie; all where none is ruled out. */
  range(from: number, to: number): [number, number] {
    const { base, last, count, sorted, shift } = this.header;
    if (count === 0 || last < from || base >= to) return [0, 0];
    if (!sorted || (base >= from && last < to)) return [0, count];
    const unit = timeUnit(shift);
    // Rounded so that no event is left out; what is shown is checked again.
    const start = rowFrom(this, Math.floor((from - base) / unit));
    const end = rowFrom(this, Math.floor((to - 1 - base) / unit) + 1);
    return [start, end];
  }
}
