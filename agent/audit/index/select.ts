/** Which rows of a segment may pass, by the index alone. */
import { outcomeNumber } from "./fields.ts";
import type { SegmentIndex } from "./segment.ts";
import { timeUnit } from "./segment.ts";
import type { Reads, Wanted } from "./wanted.ts";

/** Rows from `start` to before `end`, all of them or those listed, ascending. */
export interface Selection {
  start: number;
  end: number;
  rows: Uint16Array | undefined;
  /** Whether each of them passes, if the index is right. */
  exact: boolean;
}

const nothing: Selection = { start: 0, end: 0, rows: new Uint16Array(), exact: true };
const success = outcomeNumber("success");

/** @returns every row that passes; where it is not exact, beside them rows that do not. */
export function select(index: SegmentIndex, wanted: Wanted, reads: Reads): Selection {
  const [start, end] = index.range(wanted.from, wanted.to);
  if (start >= end) return nothing;
  const tests = testsOf(index, wanted, reads);
  if (tests === undefined) return nothing;
  const exact = !wanted.mustRead && index.header.shift === 0;
  const candidates = candidatesOf(index, wanted);
  if (candidates === undefined && tests.length === 0) return { start, end, rows: undefined, exact };
  let rows = candidates ?? allOf(start, end);
  if (candidates !== undefined) rows = rows.filter((row) => row >= start && row < end);
  for (const test of tests) {
    if (rows.length === 0) return nothing;
    rows = test(rows);
  }
  return { start, end, rows, exact };
}

type Test = (rows: Uint16Array) => Uint16Array;

/** @returns undefined when nothing in the segment can pass. */
function testsOf(index: SegmentIndex, wanted: Wanted, reads: Reads): Test[] | undefined {
  const { tenants, actions, base, last, sorted, shift } = index.header;
  const tests: Test[] = [];
  for (const name of wanted.tenants) {
    const code = tenants.indexOf(name);
    if (code < 0) return undefined;
    tests.push((rows) => equal(rows, index.part("tenant"), code));
  }
  const { action, acts } = wanted;
  if (action !== undefined) {
    const flags = Uint8Array.from(actions, (name) => Number(name.startsWith(action)));
    if (!flags.includes(1)) return undefined;
    tests.push((rows) => flagged(rows, index.part("action"), flags));
  }
  const { source, outcome } = wanted;
  if (source !== undefined || outcome !== undefined) {
    const flags = Uint8Array.from({ length: 256 }, (_, kind) =>
      Number((source ?? kind >> 3) === kind >> 3 && (outcome ?? kind & 7) === (kind & 7)),
    );
    tests.push((rows) => flagged(rows, index.part("kind"), flags));
  }
  if (acts) tests.push((rows) => withoutReads(rows, index, reads));
  const { object } = wanted;
  if (object !== undefined) tests.push((rows) => objects(rows, index, object.hash));
  if (!sorted && (base < wanted.from || last >= wanted.to)) {
    const unit = timeUnit(shift);
    const from = Math.floor((wanted.from - base) / unit);
    const to = Math.floor((wanted.to - 1 - base) / unit);
    const times = index.part("time");
    tests.push((rows) =>
      rows.filter((row) => (times[row] as number) >= from && (times[row] as number) <= to),
    );
  }
  return tests;
}

/** @returns the rows of the rarest name for which rows are kept; undefined where none is asked for. */
function candidatesOf(index: SegmentIndex, wanted: Wanted): Uint16Array | undefined {
  const lists = wanted.actors.map(({ hash }) => index.rowsOf("actor", hash));
  if (wanted.flow !== undefined) lists.push(index.rowsOf("flow", wanted.flow.hash));
  lists.sort((a, b) => a.length - b.length);
  const [shortest, ...others] = lists;
  if (shortest === undefined || others.length === 0) return shortest;
  const sets = others.map((rows) => new Set(rows));
  return shortest.filter((row) => sets.every((set) => set.has(row)));
}

function allOf(start: number, end: number): Uint16Array {
  const rows = new Uint16Array(end - start);
  for (let i = 0; i < rows.length; i++) rows[i] = start + i;
  return rows;
}

type Codes = Uint8Array | Uint16Array;

function equal(rows: Uint16Array, codes: Codes, code: number): Uint16Array {
  const found = new Uint16Array(rows.length);
  let count = 0;
  for (let i = 0; i < rows.length; i++) {
    const row = rows[i] as number;
    if (codes[row] === code) found[count++] = row;
  }
  return found.subarray(0, count);
}

function flagged(rows: Uint16Array, codes: Codes, flags: Uint8Array): Uint16Array {
  const found = new Uint16Array(rows.length);
  let count = 0;
  for (let i = 0; i < rows.length; i++) {
    const row = rows[i] as number;
    if (flags[codes[row] as number] === 1) found[count++] = row;
  }
  return found.subarray(0, count);
}

function withoutReads(rows: Uint16Array, index: SegmentIndex, reads: Reads): Uint16Array {
  const isRead = Uint8Array.from(index.header.actions, (name) => Number(reads.has(name)));
  if (!isRead.includes(1)) return rows;
  const actions = index.part("action");
  const kinds = index.part("kind");
  return rows.filter(
    (row) => isRead[actions[row] as number] === 0 || ((kinds[row] as number) & 7) !== success,
  );
}

function objects(rows: Uint16Array, index: SegmentIndex, hash: number): Uint16Array {
  const high = index.part("object");
  const low = index.part("objectLow");
  return rows.filter((row) => high[row] === hash >>> 8 && low[row] === (hash & 255));
}
