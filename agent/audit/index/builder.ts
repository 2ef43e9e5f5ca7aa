/** Takes up the events of one segment and lays them out in columns. */
import { segmentEvents } from "../segments/format.ts";
import { blocksOf } from "./blocks.ts";
import type { Fields } from "./fields.ts";
import { hash24, hash48, placeOf } from "./hashes.ts";
import { countsOf } from "./rows.ts";
import { type Header, type PartName, type Parts, SegmentIndex, timeUnit } from "./segment.ts";

/** Longer than any text that a filter takes: the rest of a name cannot matter. */
const longest = 201;

/** Codes of names in the order in which they came; 0 for none. */
class Names {
  readonly codes = new Uint16Array(segmentEvents);
  readonly values: string[] = [""];
  readonly #known = new Map<string, number>([["", 0]]);

  put(row: number, name = ""): void {
    const short = name.length > longest ? name.slice(0, longest) : name;
    let code = this.#known.get(short);
    if (code === undefined) {
      // A segment with more names than codes leaves the last ones without.
      if (this.values.length > 65_535) return;
      code = this.values.length;
      this.values.push(short);
      this.#known.set(short, code);
    }
    this.codes[row] = code;
  }

  counts(count: number): number[] {
    return [...countsOf(this.codes, this.values.length, { start: 0, end: count })];
  }

  /** One byte each where that is enough. */
  part(count: number): Uint8Array | Uint16Array {
    const codes = this.codes.slice(0, count);
    return this.values.length > 256 ? codes : Uint8Array.from(codes);
  }
}

/** Rows by name, for columns with many names. */
class Postings {
  readonly #numbers = new Uint32Array(segmentEvents);
  readonly #keys: number[] = [];
  readonly #known = new Map<string, number>();

  put(row: number, name: string | undefined): void {
    if (name === undefined) return;
    let number = this.#known.get(name);
    if (number === undefined) {
      number = this.#keys.push(hash48(name));
      this.#known.set(name, number);
    }
    this.#numbers[row] = number;
  }

  /** @returns the hashes in order, where the rows of each begin, and the rows. */
  parts(count: number): [Float64Array, Uint16Array, Uint16Array] {
    const sorted = Float64Array.from(new Set(this.#keys)).sort();
    const rank = new Uint32Array(this.#keys.length + 1);
    for (const [i, key] of this.#keys.entries()) rank[i + 1] = placeOf(sorted, key);
    const next = new Uint32Array(sorted.length + 1);
    let total = 0;
    for (let row = 0; row < count; row++) {
      const number = this.#numbers[row] as number;
      if (number === 0) continue;
      total++;
      (next[(rank[number] as number) + 1] as number)++;
    }
    for (let i = 1; i < next.length; i++) (next[i] as number) += next[i - 1] as number;
    const starts = Uint16Array.from(next.subarray(0, sorted.length));
    const rows = new Uint16Array(total);
    for (let row = 0; row < count; row++) {
      const number = this.#numbers[row] as number;
      if (number > 0) rows[(next[rank[number] as number] as number)++] = row;
    }
    return [sorted, starts, rows];
  }
}

export class SegmentBuilder {
  readonly first: number;
  #count = 0;
  readonly #times = new Float64Array(segmentEvents);
  readonly #kinds = new Uint8Array(segmentEvents);
  readonly #tenants = new Names();
  readonly #actions = new Names();
  readonly #actors = new Postings();
  readonly #flows = new Postings();
  readonly #objects = new Uint32Array(segmentEvents);
  readonly #objectHashes = new Map<string, number>();

  constructor(first: number) {
    this.first = first;
  }

  get count(): number {
    return this.#count;
  }

  add(fields: Fields): void {
    const row = this.#count++;
    if (row >= segmentEvents) throw new RangeError("a segment has no more events than that");
    this.#times[row] = fields.time;
    this.#kinds[row] = fields.source * 8 + fields.outcome;
    this.#tenants.put(row, fields.tenant);
    this.#actions.put(row, fields.action);
    this.#actors.put(row, fields.actor === "" ? undefined : fields.actor);
    this.#flows.put(row, fields.flow);
    if (fields.object !== undefined) this.#objects[row] = this.#objectHash(fields.object);
  }

  /** @param bytes size of the segment's file, by which a file of the index is known to fit it */
  freeze(bytes = 0): SegmentIndex {
    const count = this.#count;
    const { base, shift, last, sorted, part: time } = this.#time(count);
    const [actorKeys, actorStarts, actorRows] = this.#actors.parts(count);
    const [flowKeys, flowStarts, flowRows] = this.#flows.parts(count);
    const kind = this.#kinds.slice(0, count);
    const [blockTimes, blockKinds] = blocksOf(time, kind);
    const objects = this.#objects.subarray(0, count);
    const parts: Parts = {
      time,
      blockTimes,
      blockKinds,
      kind,
      tenant: this.#tenants.part(count),
      action: this.#actions.part(count),
      actorKeys,
      actorStarts,
      actorRows,
      flowKeys,
      flowStarts,
      flowRows,
      object: Uint16Array.from(objects, (hash) => hash >>> 8),
      objectLow: Uint8Array.from(objects, (hash) => hash & 255),
    };
    const header: Header = {
      first: this.first,
      count,
      bytes,
      base,
      shift,
      last,
      sorted,
      tenants: [...this.#tenants.values],
      actions: [...this.#actions.values],
      tenantCounts: this.#tenants.counts(count),
      actionCounts: this.#actions.counts(count),
    };
    return new SegmentIndex(header, {
      length: (name) => parts[name].length,
      whole: (name) => parts[name],
      slice: <N extends PartName>(name: N, from: number, to: number) =>
        parts[name].subarray(from, to) as Parts[N],
    });
  }

  #objectHash(name: string): number {
    let hash = this.#objectHashes.get(name);
    if (hash === undefined) {
      hash = hash24(name);
      this.#objectHashes.set(name, hash);
    }
    return hash;
  }

  #time(count: number) {
    const times = this.#times.subarray(0, count);
    let base = Infinity;
    let last = 0;
    let sorted = true;
    for (let row = 0; row < count; row++) {
      const time = times[row] as number;
      if (time < (row === 0 ? 0 : (times[row - 1] as number))) sorted = false;
      base = Math.min(base, time);
      last = Math.max(last, time);
    }
    if (count === 0) base = 0;
    let shift = 0;
    while ((last - base) / timeUnit(shift) >= 2 ** 32) shift++;
    const part = Uint32Array.from(times, (time) => Math.floor((time - base) / timeUnit(shift)));
    return { base, shift, last, sorted, part };
  }
}
