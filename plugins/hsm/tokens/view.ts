/** Which tokens are shown and in which order: everything of it stands in the address. */
import { tokenSortKeys, tokenStates } from "../../../agent/hsm/tokens/answers.ts";
import { type ListView, readList, readOrder } from "../../lib/list.ts";
import { adjust, first, type Place } from "../../lib/location.ts";

export const pageSizes = [50, 100, 500, 1000];

export interface TokenView extends ListView {
  tenant: string;
  driver: string;
  region: string;
  state: (typeof tokenStates)[number][];
  troubled: boolean;
  sort: (typeof tokenSortKeys)[number];
  descending: boolean;
}

/** Reads an address that anybody may have typed: what does not fit is left out. */
export function readTokenView(place: Place): TokenView {
  return {
    ...readList(place, pageSizes),
    ...readOrder(place, tokenSortKeys),
    tenant: first(place, "tenant").slice(0, 100),
    driver: first(place, "driver").slice(0, 100),
    region: first(place, "region").slice(0, 100),
    state: tokenStates.filter((one) => place.options.state?.includes(one)),
    troubled: first(place, "troubled") === "yes",
  };
}

export function filterOf({ text, perPage, open: _open, ...rest }: TokenView) {
  return { ...rest, search: text.trim(), limit: perPage };
}

export function isFiltered({ text, tenant, driver, region, state, troubled }: TokenView): boolean {
  return Boolean(text.trim() || tenant || driver || region || state.length || troubled);
}

export function clearFilters(): void {
  const none = { text: [], tenant: [], driver: [], region: [], state: [], troubled: [] };
  adjust({ ...none, cursor: [], open: [] });
}
