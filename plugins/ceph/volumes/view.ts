/** Which volumes are shown and in which order: everything of it stands in the address. */
import {
  type VolumeFilter,
  volumeSortKeys,
  volumeStates,
} from "../../../agent/ceph/volumes/answers.ts";
import { storageClasses } from "../../../agent/ceph/volumes/classes.ts";
import { volumeKinds } from "../../../agent/ceph/volumes/kinds/names.ts";
import { type ListView, readList } from "../../lib/list.ts";
import { adjust, first, type Place } from "../../lib/location.ts";
import { partAddress } from "../../lib/parts.ts";

export const pageSizes = [50, 100, 500, 1000];
const region = /^[A-Z]{2}$/;
const mostRegions = 20;

export interface VolumeView extends ListView, Required<Filters> {
  sort: (typeof volumeSortKeys)[number];
  descending: boolean;
}

type Filters = Pick<
  VolumeFilter,
  "tenant" | "state" | "jurisdiction" | "class" | "kind" | "troubled"
>;

/** Reads an address that anybody may have typed: what does not fit is left out. */
export function readVolumeView(place: Place): VolumeView {
  const pick = <T extends string>(option: string, known: readonly T[]): T[] =>
    known.filter((value) => place.options[option]?.includes(value));
  const sort = first(place, "sort");
  const descending = sort.startsWith("-");
  const regions = (place.options.jurisdiction ?? []).filter((text) => region.test(text));
  return {
    ...readList(place, pageSizes),
    descending,
    tenant: first(place, "tenant").slice(0, 100),
    state: pick("state", volumeStates),
    jurisdiction: [...new Set(regions)].sort().slice(0, mostRegions),
    class: pick("class", storageClasses),
    kind: pick("kind", volumeKinds),
    troubled: first(place, "troubled") === "yes",
    sort: volumeSortKeys.find((key) => key === (descending ? sort.slice(1) : sort)) ?? "name",
  };
}

export function filterOf({ text, perPage, open: _open, ...rest }: VolumeView): VolumeFilter {
  return { ...rest, search: text.trim(), limit: perPage };
}

export function isFiltered(view: VolumeView): boolean {
  const { text, tenant, state, jurisdiction, troubled } = view;
  return Boolean(
    text.trim() ||
      tenant ||
      state.length ||
      jurisdiction.length ||
      view.class.length ||
      view.kind.length ||
      troubled,
  );
}

export function clearFilters(): void {
  const none = { text: [], tenant: [], state: [], jurisdiction: [], class: [] };
  adjust({ ...none, kind: [], troubled: [], cursor: [] });
}

export const listAddress = partAddress("volumes");

export function volumeAddress(tenant: string, volume: string): string {
  return `${listAddress}/${encodeURIComponent(tenant)}/${encodeURIComponent(volume)}`;
}

export const keyOf = ({ tenant, name }: { tenant: string; name: string }) => `${tenant}/${name}`;
