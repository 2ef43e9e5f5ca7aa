/** Which pools and rules are shown: everything of it stands in the address. */
import type { PoolFilter, RuleFilter } from "../../../agent/ceph/pools/answers.ts";
import { readList, readOrder } from "../../lib/list.ts";
import { adjust, first, type Place } from "../../lib/location.ts";

export const pageSizes = [50, 100, 500, 1000];

/** Reads an address that anybody may have typed: what does not fit is left out. */
export function readPools(place: Place) {
  return {
    ...readList(place, pageSizes),
    ...readOrder(place, ["name", "pgs", "usedKiB", "objects"]),
    troubled: first(place, "troubled") === "yes",
  };
}
export type PoolsView = ReturnType<typeof readPools>;

export function poolFilter({ text, perPage, open: _open, ...rest }: PoolsView): PoolFilter {
  return { ...rest, search: text.trim(), limit: perPage };
}

export function readRules(place: Place) {
  return {
    ...readList(place, pageSizes),
    ...readOrder(place, ["name", "id", "osds", "poolCount"]),
    unused: first(place, "unused") === "yes",
  };
}
export type RulesView = ReturnType<typeof readRules>;

export function ruleFilter({ text, perPage, open: _open, ...rest }: RulesView): RuleFilter {
  return { ...rest, search: text.trim(), limit: perPage };
}

export function clearFilters(): void {
  adjust({ text: [], troubled: [], unused: [], cursor: [], open: [] });
}
