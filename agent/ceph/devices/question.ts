/** What OSDs store on, out of what they and the manager say of it. */
import { pageOfRows, searched } from "../../hsm/pages.ts";
import type { ClusterFacts } from "../facts/facts.ts";
import { type DeviceFilter, type DeviceRow, type DevicesPage, outlooks } from "./answers.ts";
import { deviceRows } from "./rows.ts";

interface Ask {
  filter: DeviceFilter;
  /** In milliseconds since 1970. */
  now: number;
}

function answer(facts: ClusterFacts, { filter, now }: Ask): DevicesPage {
  const all = deviceRows({
    osds: facts.need("osdmap").osds,
    classes: facts.need("crush").devices,
    metadata: facts.get("osdMetadata"),
    ...{ use: facts.get("osdDf"), devices: facts.get("devices"), now },
  });
  const counts = { failing: 0, soon: 0, unknown: 0, none: 0, good: 0 };
  for (const { outlook } of all) counts[outlook] += 1;
  const finds = searched(filter.search);
  const rows = all.filter(
    ({ name, host, deviceClass, outlook, disks }) =>
      (filter.outlook.length === 0 || filter.outlook.includes(outlook)) &&
      finds(name, host, deviceClass, ...disks.map(({ id }) => id)),
  );
  return {
    ...pageOfRows(rows, {
      ...{ id: ({ name }) => name.padStart(12, " "), value: sortBy(filter.sort) },
      ...{ descending: filter.descending, cursor: filter.cursor, limit: filter.limit },
    }),
    ...{ at: facts.at("osdmap"), counts },
    disks: new Set(
      all.flatMap(({ host, disks }) => disks.map(({ id, path }) => id || `${host} ${path}`)),
    ).size,
    missing: [...new Set(Object.values(facts.problems))],
  };
}

function sortBy(sort: DeviceFilter["sort"]): (row: DeviceRow) => string | number {
  if (sort === "outlook") return ({ outlook }) => outlooks.indexOf(outlook);
  if (sort === "wear") return ({ disks }) => Math.max(-1, ...disks.map(({ wear }) => wear ?? -1));
  return (row) => row[sort];
}

export const devicesQuestion = {
  needs: ["osdmap", "crush"],
  likes: ["osdMetadata", "osdDf", "devices"],
  answer,
} as const;
