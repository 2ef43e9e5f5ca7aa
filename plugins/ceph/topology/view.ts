/** Which part of the tree is shown: everything of it stands in the address. */
import { details, osdStates, type TopologyFilter } from "../../../agent/ceph/topology/answers.ts";
import { type ListView, readList } from "../../lib/list.ts";
import { adjust, first, type Place } from "../../lib/location.ts";

export const pageSizes = [50, 200, 500, 1000];

export interface TopologyView extends ListView {
  state: (typeof osdStates)[number][];
  under: string;
  detail: (typeof details)[number] | "";
}

/** Reads an address that anybody may have typed: what does not fit is left out. */
export function readTopologyView(place: Place): TopologyView {
  return {
    ...readList(place, pageSizes),
    state: osdStates.filter((one) => place.options.state?.includes(one)),
    under: first(place, "under").slice(0, 1000),
    detail: details.find((one) => one === first(place, "detail")) ?? "",
  };
}

export function filterOf({ text, perPage, open: _open, ...rest }: TopologyView): TopologyFilter {
  return { ...rest, search: text.trim(), limit: perPage };
}

export function underAddress(path: string): string {
  return `#/topology?under=${encodeURIComponent(path)}`;
}

export function clearFilters(): void {
  adjust({ text: [], state: [], under: [], detail: [], cursor: [], open: [] });
}
