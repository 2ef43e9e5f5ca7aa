/** Which OSDs' devices are shown: everything of it stands in the address. */
import { type DeviceFilter, outlooks } from "../../../agent/ceph/devices/answers.ts";
import { readList, readOrder } from "../../lib/list.ts";
import { adjust, type Place } from "../../lib/location.ts";

export const pageSizes = [50, 100, 500, 1000];

/** Reads an address that anybody may have typed: what does not fit is left out. */
export function readDevices(place: Place) {
  return {
    ...readList(place, pageSizes),
    ...readOrder(place, ["outlook", "osd", "host", "deviceClass", "wear"]),
    outlook: outlooks.filter((one) => place.options.outlook?.includes(one)),
  };
}
export type DevicesView = ReturnType<typeof readDevices>;

export function filterOf({ text, perPage, open: _open, ...rest }: DevicesView): DeviceFilter {
  return { ...rest, search: text.trim(), limit: perPage };
}

export function clearFilters(): void {
  adjust({ text: [], outlook: [], cursor: [], open: [] });
}
