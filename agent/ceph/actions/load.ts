/** How much is in each placement group, and on each OSD. */
import type { ClusterFacts } from "../facts/facts.ts";

export interface Load {
  bytes: number;
  objects: number;
}

/** Of a placement group; as much as its pool has on average where it was not measured. */
export interface Loads {
  basis: "measured" | "average";
  of(pool: { pool: number; pg_num: number }, pgid: string): Load;
}

export function loadsOf(facts: ClusterFacts): Loads {
  const measured = facts.get("pgUse");
  if (measured?.pg_ready === true) {
    const byName = new Map(
      measured.pg_stats.map(({ pgid, stat_sum }) => [
        pgid,
        { bytes: stat_sum.num_bytes, objects: stat_sum.num_objects },
      ]),
    );
    const nothing = { bytes: 0, objects: 0 };
    return { basis: "measured", of: (_pool, pgid) => byName.get(pgid) ?? nothing };
  }
  const pools = new Map(facts.need("df").pools.map(({ id, stats }) => [id, stats]));
  return {
    basis: "average",
    of({ pool, pg_num }) {
      const { stored, objects } = pools.get(pool) ?? { stored: 0, objects: 0 };
      return { bytes: stored / pg_num, objects: objects / pg_num };
    },
  };
}

export interface Room {
  total: number;
  used: number;
}

/** By OSD, in bytes; those that did not tell are missing. */
export function roomsOf(facts: ClusterFacts): Map<number, Room> {
  const df = facts.get("osdDf");
  const nodes = [...(df?.nodes ?? []), ...(df?.stray ?? [])].filter(({ kb }) => kb > 0);
  return new Map(
    nodes.map(({ id, kb, kb_used }) => [id, { total: kb * 1024, used: kb_used * 1024 }]),
  );
}
