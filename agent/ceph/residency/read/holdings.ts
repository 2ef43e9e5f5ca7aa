/**
 * What OSDs say they hold, strays and what is being removed included: for each that was asked the
 * placement groups that `ceph tell osd.N dump_pgstate_history -f json` lists. Counters (`numpg_stray`)
 * do not serve, since they are counted at the last change of the map and not of what is there.
 */
import { poolOf } from "./osdmap.ts";
import { jsonOf, list, members, natural, onlyKnown, putOnce, text } from "./shape.ts";

export type Holdings = {
  osd: number;
  /** Names, with `s` and the shard where the pool is erasure coded, for example `5.3s0`. */
  pgs: string[];
}[];

/** Ids of pools of which it holds something, by OSD. */
export type HeldPools = ReadonlyMap<number, ReadonlySet<number>>;

const known = new Set(["osd", "pgs"]);
const shard = /s\d{1,3}$/;

/** @param json of {@link Holdings}. @throws NotUnderstood, NotJson */
export function parseHoldings(json: Uint8Array): HeldPools {
  const held = new Map<number, ReadonlySet<number>>();
  for (const each of list(jsonOf(json, "holdings"), "what OSDs hold")) {
    const one = members(each, "what an OSD holds");
    onlyKnown(one, known, "what an OSD holds");
    const osd = natural(one.osd, "an OSD that was asked");
    const where = `what osd.${osd} holds`;
    const pools = new Set<number>();
    for (const pg of list(one.pgs, where)) {
      const name = text(pg, where);
      pools.add(poolOf(name.includes("s") ? name.replace(shard, "") : name));
    }
    putOnce(held, osd, pools, "an OSD that was asked");
  }
  return held;
}
