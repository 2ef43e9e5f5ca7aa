/**
 * OSDs that have no more placement groups than the list says: of these nothing needs to be asked, since
 * they have no stray. A group is surely on its acting OSDs once it is active; one that is only coming
 * is not counted, so that it cannot stand for a stray that is there already.
 */
import type { GroupCounts } from "./read/counts.ts";
import type { OsdMap } from "./read/osdmap.ts";
import type { PgTable } from "./read/pg-table.ts";

export interface Counted {
  /** That the OSD says it has. */
  groups: number;
  /** That are listed, and surely on it. */
  listed: number;
}

/** @returns those that are up and said it since they are */
export function countedOsds(
  { osds }: Pick<OsdMap, "osds">,
  pgs: PgTable,
  counts: GroupCounts,
): ReadonlyMap<number, Counted> {
  const listed = new Map<number, number>();
  for (const pool of pgs.pools()) {
    pgs.each(pool, ({ state, cells, acting, end }) => {
      if (!state.startsWith("active")) return;
      for (let at = acting; at < end; at++) {
        const osd = cells[at] as number;
        listed.set(osd, (listed.get(osd) ?? 0) + 1);
      }
    });
  }
  const counted = new Map<number, Counted>();
  for (const [id, { up, since }] of osds) {
    const said = counts.get(id);
    if (!up || said === undefined || since === 0 || said.since !== since) continue;
    counted.set(id, { groups: said.groups, listed: listed.get(id) ?? 0 });
  }
  return counted;
}
