/** Which events are shown: everything of it stands in the address, so that a view can be sent. */
import { outcomes, sources } from "../../agent/audit/entry.ts";
import type { AuditConditions } from "../../agent/audit/filter.ts";
import { adjust, first, go, type Place } from "../lib/location.ts";

/** Periods that move along with the clock, in milliseconds. */
export const spans = {
  hour: 3_600_000,
  day: 86_400_000,
  week: 604_800_000,
  month: 2_592_000_000,
} as const;

export type Span = keyof typeof spans;

/** Members of the agent's filter that hold one text each. */
export const textFilters = [
  "tenant",
  "actor",
  "action",
  "source",
  "outcome",
  "object",
  "flow",
  "text",
] as const;

export type TextFilter = (typeof textFilters)[number];

export interface View {
  /** Whose events: empty for the widest that the person may see, `own`, or `tenant:<name>`. */
  scope: string;
  /** A period up to now; empty for all, or where `from` and `to` say it. */
  span: Span | "";
  from: string;
  to: string;
  filter: Readonly<Partial<Record<TextFilter, string>>>;
  /** Without what was only read. */
  acts: boolean;
  cursor: string;
  perPage: number;
}

export const pageSizes = [50, 100, 200, 500, 1000];
const defaultPerPage = 100;

/** @returns the time in the agent's form; empty for what is none. */
export function toTime(text: string): string {
  const at = Date.parse(text);
  return Number.isNaN(at) ? "" : new Date(at).toISOString();
}

/** Reads an address that anybody may have typed: what does not fit is left out. */
export function readView(from: Place): View {
  const span = first(from, "span");
  const perPage = Number(first(from, "rows"));
  const filter: Partial<Record<TextFilter, string>> = {};
  const choices: Partial<Record<TextFilter, readonly string[]>> = {
    outcome: outcomes,
    source: sources,
  };
  for (const key of textFilters) {
    const value = first(from, key).slice(0, 100);
    if (value && (choices[key]?.includes(value) ?? true)) filter[key] = value;
  }
  return {
    scope: first(from, "of"),
    span: Object.hasOwn(spans, span) ? (span as Span) : "",
    from: toTime(first(from, "from")),
    to: toTime(first(from, "to")),
    filter,
    acts: first(from, "acts") === "yes",
    cursor: first(from, "cursor").slice(0, 200),
    perPage: pageSizes.includes(perPage) ? perPage : defaultPerPage,
  };
}

/** What the agent is asked, without what turns pages. */
export function toConditions(view: View, now = Date.now()): AuditConditions {
  const from = view.span ? new Date(now - spans[view.span]).toISOString() : view.from;
  return {
    ...(view.filter as AuditConditions),
    ...(view.acts ? { acts: true } : {}),
    ...(from ? { from } : {}),
    ...(view.to && !view.span ? { to: view.to } : {}),
  };
}

/** A change of what is shown begins at the newest event again. */
export function changeFilter(key: TextFilter, value: string): void {
  adjust({ [key]: [value], cursor: [] });
}

export function changeActs(acts: boolean): void {
  adjust({ acts: [acts ? "yes" : ""], cursor: [] });
}

export function changeScope(scope: string): void {
  adjust({ of: [scope], cursor: [] });
}

export function changeSpan(span: Span | ""): void {
  adjust({ span: [span], from: [], to: [], cursor: [] });
}

export function changePeriod(from: string, to: string): void {
  adjust({ span: [], from: [from], to: [to], cursor: [] });
}

export function clearFilters(): void {
  const none = Object.fromEntries(textFilters.map((key) => [key, []]));
  adjust({ ...none, acts: [], span: [], from: [], to: [], cursor: [] });
}

export function changeCursor(cursor: string): void {
  adjust({ cursor: [cursor] });
}

export function changePerPage(perPage: number): void {
  adjust({ rows: [perPage === defaultPerPage ? "" : String(perPage)], cursor: [] });
}

export function isFiltered(view: View): boolean {
  const { span, from, to, acts } = view;
  return Boolean(span || from || to || acts || Object.keys(view.filter).length > 0);
}

/** Opens an event beside the list, which keeps its place. */
export function openEvent(sequence: number, place: Place): void {
  go(["event", String(sequence)], place.options);
}

export function closeEvent(place: Place): void {
  go([], place.options);
}

/** Address of the same view with one filter more. */
export function narrowedAddress(filter: TextFilter, value: string): string {
  const [path = "#/", query] = location.hash.split("?");
  const options = new URLSearchParams(query);
  options.set(filter, value);
  options.delete("cursor");
  return `${path}?${options}`;
}

/** Address of an event with the list as it is around it. */
export function eventAddress(sequence: number): string {
  const query = location.hash.split("?")[1];
  return `#/event/${sequence}${query ? `?${query}` : ""}`;
}
