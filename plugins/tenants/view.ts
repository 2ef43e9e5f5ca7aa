/** Which tenants are shown and in which order: everything of it stands in the address. */
import * as v from "valibot";
import { limitSchema } from "../../agent/bus/fields.ts";
import {
  classifications,
  type TenantFilter,
  tenantSortKeys,
  tenantStates,
} from "../../agent/tenants/contract.ts";
import { adjust, first, type Place } from "../lib/location.ts";

export interface View {
  filter: Omit<TenantFilter, "cursor" | "limit">;
  /** Counted from 1. */
  page: number;
  perPage: number;
}

const defaultPerPage = 50;

/** Reads an address that anybody may have typed: what does not fit is left out. */
export function readView(from: Place): View {
  const pick = <T extends string>(option: string, known: readonly T[]): T[] =>
    known.filter((value) => from.options[option]?.includes(value));
  const sort = first(from, "sort");
  const descending = sort.startsWith("-");
  const key = tenantSortKeys.find((known) => known === (descending ? sort.slice(1) : sort));
  const perPage = Number(first(from, "rows"));
  return {
    filter: {
      search: first(from, "search").slice(0, 200),
      state: pick("state", tenantStates),
      classification: pick("classification", classifications),
      jurisdiction: (from.options.jurisdiction ?? []).filter((two) => /^[A-Z]{2}$/.test(two)),
      troubled: first(from, "troubled") === "yes",
      sort: key ?? "name",
      descending: key !== undefined && descending,
    },
    page: Math.max(1, Math.trunc(Number(first(from, "page"))) || 1),
    perPage: v.is(limitSchema, perPage) ? perPage : defaultPerPage,
  };
}

/** Writes the parts that changed into the address; a new filter begins on the first page. */
export function changeView(view: View, changes: Partial<View["filter"]>): void {
  const { search, state, classification, jurisdiction, troubled, sort, descending } = {
    ...view.filter,
    ...changes,
  };
  adjust({
    search: [search],
    state,
    classification,
    jurisdiction,
    troubled: [troubled ? "yes" : ""],
    sort: [sort === "name" && !descending ? "" : `${descending ? "-" : ""}${sort}`],
    page: [],
  });
}

export function changePage(page: number, perPage: number): void {
  adjust({
    page: [page === 1 ? "" : String(page)],
    rows: [perPage === defaultPerPage ? "" : String(perPage)],
  });
}

export function isFiltered({ filter }: View): boolean {
  const { search, state, classification, jurisdiction, troubled } = filter;
  return Boolean(
    search || state.length || classification.length || jurisdiction.length || troubled,
  );
}
