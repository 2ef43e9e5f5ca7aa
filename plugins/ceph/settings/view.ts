/** Which settings are shown: everything of it stands in the address. */
import { type SettingFilter, settingSources } from "../../../agent/ceph/settings/answers.ts";
import { readList, readOrder } from "../../lib/list.ts";
import { adjust, first, type Place } from "../../lib/location.ts";

export const pageSizes = [50, 100, 500, 1000];

/** Reads an address that anybody may have typed: what does not fit is left out. */
export function readSettings(place: Place) {
  return {
    ...readList(place, pageSizes),
    ...readOrder(place, ["name", "source", "section", "level"]),
    source: settingSources.filter((one) => place.options.source?.includes(one)),
    weak: first(place, "weak") === "yes",
  };
}
export type SettingsView = ReturnType<typeof readSettings>;

export function filterOf({ text, perPage, open: _open, ...rest }: SettingsView): SettingFilter {
  return { ...rest, search: text.trim(), limit: perPage };
}

export function clearFilters(): void {
  adjust({ text: [], source: [], weak: [], cursor: [], open: [] });
}
