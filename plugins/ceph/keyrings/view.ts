/** Which keys are shown: everything of it stands in the address. */
import { holders, type KeyringFilter } from "../../../agent/ceph/keyrings/answers.ts";
import { readList, readOrder } from "../../lib/list.ts";
import { adjust, first, type Place } from "../../lib/location.ts";

export const pageSizes = [50, 100, 500, 1000];

/** Reads an address that anybody may have typed: what does not fit is left out. */
export function readKeyrings(place: Place) {
  return {
    ...readList(place, pageSizes),
    ...readOrder(place, ["strength", "entity", "tenantCount"]),
    holder: holders.filter((one) => place.options.holder?.includes(one)),
    flagged: first(place, "flagged") === "yes",
  };
}
export type KeyringsView = ReturnType<typeof readKeyrings>;

export function filterOf({ text, perPage, open: _open, ...rest }: KeyringsView): KeyringFilter {
  return { ...rest, search: text.trim(), limit: perPage };
}

export function clearFilters(): void {
  adjust({ text: [], holder: [], flagged: [], cursor: [], open: [] });
}
