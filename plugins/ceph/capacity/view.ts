/** Which pools are shown and in which order: everything of it stands in the address. */
import type { CapacityFilter } from "../../../agent/ceph/capacity/answers.ts";
import { type ListView, readList, readOrder } from "../../lib/list.ts";
import { adjust, type Place } from "../../lib/location.ts";

export const pageSizes = [50, 100, 500, 1000];
const sorts = ["name", "storedKiB", "usedKiB", "availableKiB"] as const;

export interface PoolView extends ListView {
  sort: (typeof sorts)[number];
  descending: boolean;
}

/** Reads an address that anybody may have typed: what does not fit is left out. */
export function readPoolView(place: Place): PoolView {
  return { ...readList(place, pageSizes), ...readOrder(place, sorts) };
}

export function filterOf({ text, perPage, open: _open, ...rest }: PoolView): CapacityFilter {
  return { ...rest, search: text.trim(), limit: perPage };
}

export function clearFilters(): void {
  adjust({ text: [], cursor: [] });
}
