/** Which denials are shown and which of them are open: all of it stands in the address. */
import type { DenialFilter } from "../../../agent/selinux/denials/answers.ts";
import { adjust, first, type Place } from "../../lib/location.ts";

/** The agent explains at most a hundred at once. */
export const pageSizes = [20, 50, 100] as const;
const defaultPerPage = 50;
const longestText = 200;
/** More than these open make an address that nobody can send. */
const mostOpen = 5;

export interface View {
  text: string;
  cursor: string;
  perPage: number;
  /** Keys of the rows whose details are shown. */
  open: ReadonlySet<string>;
}

/** Reads an address that anybody may have typed: what does not fit is left out. */
export function readView(from: Place): View {
  const perPage = Number(first(from, "rows"));
  const cursor = first(from, "cursor");
  return {
    text: first(from, "text").slice(0, longestText),
    cursor: /^[1-9][0-9]{0,14}$/.test(cursor) ? cursor : "",
    perPage: pageSizes.find((size) => size === perPage) ?? defaultPerPage,
    open: new Set((from.options.open ?? []).slice(0, mostOpen)),
  };
}

export function toFilter({ text, cursor, perPage }: View): DenialFilter {
  const meant = text.trim();
  return { ...(meant === "" ? {} : { text: meant }), cursor, limit: perPage };
}

/** Another text begins at the newest again. */
export function changeText(text: string): void {
  adjust({ text: [text], cursor: [], open: [] });
}

export function changeCursor(cursor: string): void {
  adjust({ cursor: [cursor], open: [] });
}

export function changePerPage(perPage: number): void {
  adjust({ rows: [perPage === defaultPerPage ? "" : String(perPage)], cursor: [] });
}

/** @returns what is open afterwards; what was opened first goes where too many are. */
export function toggled(open: ReadonlySet<string>, key: string): string[] {
  const others = [...open].filter((one) => one !== key);
  return open.has(key) ? others : [...others, key].slice(-mostOpen);
}

export function toggle(view: View, key: string): void {
  adjust({ open: toggled(view.open, key) });
}
