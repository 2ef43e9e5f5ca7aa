/** Which rows of a segment may pass, by the index alone. */
import { outcomeNumber } from "./fields.ts";
import { flagged, lengthOf, listed, type Rows } from "./rows.ts";
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
  let rows: Rows = candidatesOf(index, wanted, start, end) ?? { start, end };
  for (const test of tests) {
    if (lengthOf(rows) === 0) return nothing;
    rows = test(rows);
  }
  return { start, end, rows: rows instanceof Uint16Array ? rows : undefined, exact };
}

type Test = (rows: Rows) => Rows;

/** @returns undefined when nothing in the segment can pass. */
function testsOf(index: SegmentIndex, wanted: Wanted, reads: Reads): Test[] | undefined {
  const { tenants, actions, base, last, sorted, shift } = index.header;
  const tests: Test[] = [];
  for (const name of wanted.tenants) {
    const code = tenants.indexOf(name);
    if (code < 0) return undefined;
    const flags = new Uint8Array(tenants.length);
    flags[code] = 1;
    tests.push((rows) => flagged(index.part("tenant"), flags, rows));
  }
  const { action, acts } = wanted;
  if (action !== undefined) {
    const flags = Uint8Array.from(actions, (name) => Number(name.startsWith(action)));
    if (!flags.includes(1)) return undefined;
    tests.push((rows) => flagged(index.part("action"), flags, rows));
  }
  const { source, outcome } = wanted;
  if (source !== undefined || outcome !== undefined) {
    const flags = Uint8Array.from({ length: 256 }, (_, kind) =>
      Number((source ?? kind >> 3) === kind >> 3 && (outcome ?? kind & 7) === (kind & 7)),
    );
    tests.push((rows) => flagged(index.part("kind"), flags, rows));
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
      listed(rows).filter((row) => (times[row] as number) >= from && (times[row] as number) <= to),
    );
  }
  return tests;
}

/** @returns the rows of the rarest name for which rows are kept; undefined where none is asked for. */
function candidatesOf(
  index: SegmentIndex,
  wanted: Wanted,
  start: number,
  end: number,
): Uint16Array | undefined {
  const actors = wanted.actors.map(({ hash }) => hash);
  const flows = wanted.flow === undefined ? [] : [wanted.flow.hash];
  const lists = [...index.rowsOf("actor", actors), ...index.rowsOf("flow", flows)];
  lists.sort((a, b) => a.length - b.length);
  const [shortest, ...others] = lists;
  const sets = others.map((rows) => new Set(rows));
  return shortest?.filter((row) => row >= start && row < end && sets.every((set) => set.has(row)));
}

function withoutReads(rows: Rows, index: SegmentIndex, reads: Reads): Rows {
  const isRead = Uint8Array.from(index.header.actions, (name) => Number(reads.has(name)));
  if (!isRead.includes(1)) return rows;
  const actions = index.part("action");
  const kinds = index.part("kind");
  return listed(rows).filter(
    (row) => isRead[actions[row] as number] === 0 || ((kinds[row] as number) & 7) !== success,
  );
}

function objects(rows: Rows, index: SegmentIndex, hash: number): Rows {
  const high = index.part("object");
  const low = index.part("objectLow");
  return listed(rows).filter((row) => high[row] === hash >>> 8 && low[row] === (hash & 255));
}
