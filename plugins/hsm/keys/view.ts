/** Which keys are shown and in which order: everything of it stands in the address. */
import { algorithms, protections } from "../../../agent/hsm/algorithms.ts";
import { type KeyFilter, keySortKeys } from "../../../agent/hsm/keys/answers.ts";
import { keyStates } from "../../../agent/hsm/keys/record.ts";
import { type ListView, readList, readOrder } from "../../lib/list.ts";
import { adjust, first, type Place } from "../../lib/location.ts";

export const pageSizes = [50, 100, 500, 1000];
/** Days in which something is due, as they can be chosen; 0 for all keys. */
export const dueDays = [0, 7, 30, 90, 365];

export interface KeyView extends Omit<ListView, "open">, Required<Filters> {
  sort: (typeof keySortKeys)[number];
  descending: boolean;
}

type Filters = Pick<
  KeyFilter,
  "tenant" | "state" | "algorithm" | "protection" | "troubled" | "dueDays"
>;

/** Reads an address that anybody may have typed: what does not fit is left out. */
export function readKeyView(place: Place): KeyView {
  const pick = <T extends string>(option: string, known: readonly T[]): T[] =>
    known.filter((value) => place.options[option]?.includes(value));
  const { text, cursor, perPage } = readList(place, pageSizes);
  return {
    ...{ text, cursor, perPage, ...readOrder(place, keySortKeys) },
    tenant: first(place, "tenant").slice(0, 100),
    state: pick("state", keyStates),
    algorithm: pick("algorithm", algorithms),
    protection: pick("protection", protections),
    troubled: first(place, "troubled") === "yes",
    dueDays: dueDays.find((days) => String(days) === first(place, "due")) ?? 0,
  };
}

export function filterOf(view: KeyView): KeyFilter {
  const { text, perPage, ...rest } = view;
  return { ...rest, search: text.trim(), purpose: [], limit: perPage };
}

export function isFiltered(view: KeyView): boolean {
  const { text, tenant, state, algorithm, protection, troubled } = view;
  return Boolean(
    text.trim() ||
      tenant ||
      state.length ||
      algorithm.length ||
      protection.length ||
      troubled ||
      view.dueDays,
  );
}

export function clearFilters(): void {
  const none = { text: [], tenant: [], state: [], algorithm: [], protection: [] };
  adjust({ ...none, troubled: [], due: [], cursor: [] });
}

export function keyAddress(tenant: string, key: string): string {
  return `#/keys/${encodeURIComponent(tenant)}/${encodeURIComponent(key)}`;
}
