/** Which part of a list is shown: all of it stands in the address. */
import { adjust, first, type Place } from "./location.ts";

/** More than these open make an address that nobody can send. */
const mostOpen = 5;
const longestText = 200;

export interface ListView {
  text: string;
  cursor: string;
  perPage: number;
  /** Keys of the rows whose details are shown. */
  open: ReadonlySet<string>;
}

/**
 * Reads an address that anybody may have typed: what does not fit is left out.
 *
 * @param sizes of pages, of which the second is meant where the address says nothing
 */
export function readList(from: Place, sizes: readonly number[]): ListView {
  const perPage = Number(first(from, "rows"));
  return {
    text: first(from, "text").slice(0, longestText),
    cursor: first(from, "cursor").slice(0, 200),
    perPage: sizes.find((size) => size === perPage) ?? sizes[1] ?? perPage,
    open: new Set((from.options.open ?? []).slice(0, mostOpen)),
  };
}

/** Order of a list, as the address has it: `sort=-name`; the first one where it has none of these. */
export function readOrder<Key extends string>(from: Place, keys: readonly [Key, ...Key[]]) {
  const text = first(from, "sort");
  const descending = text.startsWith("-");
  const sort = keys.find((key) => key === (descending ? text.slice(1) : text)) ?? keys[0];
  return { sort, descending };
}

/** Another question begins on the first page. */
export function changeOption(name: string, value: string): void {
  adjust({ [name]: [value], cursor: [], open: [] });
}

export const changeText = (text: string) => changeOption("text", text);
export const changePerPage = (perPage: number) => changeOption("rows", String(perPage));

export function changeCursor(cursor: string): void {
  adjust({ cursor: [cursor], open: [] });
}

/** @returns what is open afterwards; what was opened first goes where too many are. */
export function toggled(open: ReadonlySet<string>, key: string): string[] {
  const others = [...open].filter((one) => one !== key);
  return open.has(key) ? others : [...others, key].slice(-mostOpen);
}

export function toggle({ open }: ListView, key: string): void {
  adjust({ open: toggled(open, key) });
}

/** Order of a table, as the address has it. */
export function sortedBy<Key extends string>(key: Key, descending: boolean) {
  const change = (by: string, down: boolean) =>
    adjust({ sort: [`${down ? "-" : ""}${by}`], cursor: [] });
  return { key, descending, change };
}
