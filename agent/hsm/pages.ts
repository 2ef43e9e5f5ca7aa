/** Pages of lists that are built anew for every question: filtered, sorted, from a cursor on. */
import { decodeCursor, encodeCursor } from "../tenants/list.ts";

type SortValue = string | number;

export interface Listing<T> {
  /** Unique, and what decides between rows of the same value. */
  id: (row: T) => string;
  value: (row: T) => SortValue;
  descending: boolean;
  cursor: string;
  limit: number;
}

/** @throws InvalidArgument where the cursor is none of ours */
export function pageOfRows<T>(rows: readonly T[], listing: Listing<T>) {
  const { id, value, descending, cursor, limit } = listing;
  const sign = descending ? -1 : 1;
  const order = (a: SortValue, aId: string, b: SortValue, bId: string) =>
    sign * compare(a, b) || compare(aId, bId);
  const sorted = rows.toSorted((a, b) => order(value(a), id(a), value(b), id(b)));
  let start = 0;
  if (cursor !== "") {
    const [at, atId] = decodeCursor(cursor);
    const found = sorted.findIndex((row) => order(value(row), id(row), at, atId) > 0);
    start = found < 0 ? sorted.length : found;
  }
  const page = sorted.slice(start, start + limit);
  const last = page.at(-1);
  const more = start + page.length < sorted.length;
  const next = more && last !== undefined ? encodeCursor(value(last), id(last)) : "";
  return { rows: page, total: sorted.length, next };
}

function compare(a: SortValue, b: SortValue): number {
  return a < b ? -1 : a > b ? 1 : 0;
}

/** @returns whether all words of a search occur in any of the texts. */
export function searched(search: string): (...texts: string[]) => boolean {
  const words = search.toLowerCase().split(/\s+/).filter(Boolean);
  return (...texts) => {
    const hay = texts.join("\n").toLowerCase();
    return words.every((word) => hay.includes(word));
  };
}
