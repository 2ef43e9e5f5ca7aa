/** Rows of a segment, all from one to before another or those listed, and counting over them. */
export type Rows = Uint16Array | { start: number; end: number };

export function lengthOf(rows: Rows): number {
  return rows instanceof Uint16Array ? rows.length : rows.end - rows.start;
}

/** @returns the rows from one place to before another. */
export function part(rows: Rows, from: number, to: number): Rows {
  if (rows instanceof Uint16Array) return rows.subarray(from, to);
  return { start: rows.start + from, end: rows.start + to };
}

/** @returns the place of the first row that is not before `row`. */
export function placeFrom(rows: Rows, row: number): number {
  if (!(rows instanceof Uint16Array)) {
    return Math.min(rows.end, Math.max(rows.start, row)) - rows.start;
  }
  let low = 0;
  let high = rows.length;
  while (low < high) {
    const middle = (low + high) >> 1;
    if ((rows[middle] as number) < row) low = middle + 1;
    else high = middle;
  }
  return low;
}

/** @returns how often each code, of `size` codes, stands in the rows. */
export function countsOf(codes: Uint8Array | Uint16Array, size: number, rows: Rows): Uint32Array {
  const counts = new Uint32Array(size);
  if (rows instanceof Uint16Array) countListed(codes, counts, rows);
  else countAll(codes.subarray(rows.start, rows.end), counts);
  return counts;
}

// Loops of their own, so that each is compiled for what it does.
function countAll(codes: Uint8Array | Uint16Array, counts: Uint32Array): void {
  for (let i = 0; i < codes.length; i++) (counts[codes[i] as number] as number)++;
}

function countListed(codes: Uint8Array | Uint16Array, counts: Uint32Array, rows: Uint16Array) {
  for (let i = 0; i < rows.length; i++) (counts[codes[rows[i] as number] as number] as number)++;
}

/** @returns those of the rows whose code is flagged. */
export function flagged(codes: Uint8Array | Uint16Array, flags: Uint8Array, rows: Rows) {
  const found = new Uint16Array(lengthOf(rows));
  const count =
    rows instanceof Uint16Array
      ? flaggedListed(codes, flags, rows, found)
      : flaggedAll(codes, flags, rows.start, rows.end, found);
  return found.subarray(0, count);
}

// Written in any case and counted where it is wanted: what cannot be foretold costs no branch.
function flaggedAll(
  codes: Uint8Array | Uint16Array,
  flags: Uint8Array,
  start: number,
  end: number,
  found: Uint16Array,
): number {
  let count = 0;
  for (let row = start; row < end; row++) {
    found[count] = row;
    count += flags[codes[row] as number] as number;
  }
  return count;
}

function flaggedListed(
  codes: Uint8Array | Uint16Array,
  flags: Uint8Array,
  rows: Uint16Array,
  found: Uint16Array,
): number {
  let count = 0;
  for (let i = 0; i < rows.length; i++) {
    const row = rows[i] as number;
    found[count] = row;
    count += flags[codes[row] as number] as number;
  }
  return count;
}

/** @returns the rows one by one. */
export function listed(rows: Rows): Uint16Array {
  if (rows instanceof Uint16Array) return rows;
  const list = new Uint16Array(lengthOf(rows));
  for (let i = 0; i < list.length; i++) list[i] = rows.start + i;
  return list;
}

/** @returns for each row of a segment whether it is among these. */
export function flagsOf(count: number, rows: Rows): Uint8Array {
  const flags = new Uint8Array(count);
  if (!(rows instanceof Uint16Array)) return flags.fill(1, rows.start, rows.end);
  for (const row of rows) flags[row] = 1;
  return flags;
}
