/** Which volumes a list shows: looked at as they are kept, and only those of the page made into rows. */
import { pageOfRows, searched } from "../../hsm/pages.ts";
import type { VolumeFilter, VolumePage } from "./answers.ts";
import type { Declared } from "./book.ts";
import type { Live } from "./known.ts";
import type { VolumeRecord } from "./record.ts";
import { stateOf, troubleOf, volumeRow } from "./rows.ts";

interface Entry {
  id: string;
  tenant: string;
  name: string;
  record: VolumeRecord;
  live: Live | undefined;
  bytes: number;
  used: number;
}

type Listed = Pick<VolumePage, "rows" | "total" | "next" | "bytes" | "used">;

export function listVolumes(
  declared: Declared["tenants"],
  liveOf: (tenant: string, name: string) => Live | undefined,
  filter: VolumeFilter,
): Listed {
  const found: Entry[] = [];
  const isShown = shownBy(filter);
  for (const [tenant, volumes] of declared) {
    if (filter.tenant !== "" && tenant !== filter.tenant) continue;
    for (const [name, record] of volumes) {
      const live = liveOf(tenant, name);
      const used = live?.found?.used ?? -1;
      const bytes = Number(record.bytes);
      const entry = { id: `${tenant}/${name}`, tenant, name, record, live, bytes, used };
      if (isShown(entry)) found.push(entry);
    }
  }
  const { sort, descending, cursor, limit } = filter;
  const page = pageOfRows(found, {
    id: ({ id }) => id,
    value: (one) => (sort === "createdAt" ? one.record.createdAt : one[sort]),
    ...{ descending, cursor, limit },
  });
  return {
    ...page,
    rows: page.rows.map(({ tenant, name, record, live }) => volumeRow(tenant, name, record, live)),
    bytes: found.reduce((sum, one) => sum + one.bytes, 0),
    used: found.reduce((sum, one) => sum + Math.max(0, one.used), 0),
  };
}

function shownBy(filter: VolumeFilter): (entry: Entry) => boolean {
  const { state, jurisdiction, kind, troubled } = filter;
  const hits = filter.search.trim() === "" ? undefined : searched(filter.search);
  const isIn = <T>(wanted: readonly T[], value: T) => wanted.length === 0 || wanted.includes(value);
  return ({ tenant, name, record, live }) =>
    isIn(state, stateOf(record, live)) &&
    isIn(jurisdiction, record.jurisdiction) &&
    isIn(filter.class, record.class) &&
    isIn(kind, record.kind) &&
    (!troubled || troubleOf(record, live) !== "") &&
    (hits?.(name, tenant, record.jurisdiction, record.class) ?? true);
}
