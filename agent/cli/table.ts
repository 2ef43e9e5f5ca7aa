/** Records of one kind as a table that fits the terminal. */
import { cellText, flatten, heading, isRows, type Row } from "./cells.ts";
import { cut, lengthOf, pad, painted } from "./text.ts";

export interface Screen {
  /** Columns of the terminal; Infinity where the text goes into a file or a pipe. */
  readonly width: number;
  readonly colour: boolean;
}

interface Column {
  readonly head: string;
  readonly cells: string[];
  width: number;
}

const gap = 2;
/** A longer text is cut to this before the next column is left out. */
const readable = 40;

/**
 * @param preferred keys such as `quota.cpu` that stand first and are left out last
 * @returns lines; columns that are empty in all rows are left out, then those that do not fit
 */
export function table(
  rows: readonly Row[],
  preferred: readonly string[],
  screen: Screen,
): string[] {
  const flat = rows.map((row) => flatten(row));
  const present = new Set(flat.flatMap((row) => [...row.keys()]));
  const keys = [...new Set([...preferred.filter((key) => present.has(key)), ...present])];
  const columns = keys
    .filter((key) => !flat.some((row) => isRows(row.get(key))))
    .map((key) => column(key, flat))
    .filter(({ cells }) => cells.some((cell) => cell !== ""));
  const shown = fitting(columns, screen.width);
  const line = (texts: string[]) => texts.join(" ".repeat(gap)).trimEnd();
  return [
    line(shown.map(({ head, width }) => pad(cut(head, width), width))),
    ...rows.map((_row, index) =>
      line(
        shown.map(({ cells, width }) =>
          painted(pad(cut(cells[index] ?? "", width), width), screen.colour),
        ),
      ),
    ),
  ];
}

function column(key: string, rows: readonly ReadonlyMap<string, unknown>[]): Column {
  const head = heading(key).toUpperCase();
  const cells = rows.map((row) => cellText(key, row.get(key)));
  return { head, cells, width: Math.max(lengthOf(head), ...cells.map(lengthOf)) };
}

/** As many columns as fit, from the left; the widest ones give way first. */
function fitting(columns: readonly Column[], width: number): Column[] {
  const shown: Column[] = [];
  let used = -gap;
  for (const next of columns) {
    const least = Math.min(next.width, readable);
    if (shown.length > 0 && used + gap + least > width) break;
    shown.push({ ...next, width: least });
    used += gap + least;
  }
  // What is left goes to the columns that were cut, first come first served.
  for (const [index, one] of shown.entries()) {
    const wanted = (columns[index]?.width ?? 0) - one.width;
    const more = Math.max(0, Math.min(wanted, width - used));
    one.width += more;
    used += more;
  }
  return shown;
}
