/**
 * What OSDs say they hold, strays and what is being removed included: for each that was asked the
 * placement groups that `ceph tell osd.N dump_pgstate_history -f json` lists. Counters (`numpg_stray`)
 * do not serve, since they are counted at the last change of the map and not of what is there.
 */
import * as v from "valibot";
import { poolOf } from "./osdmap.ts";
import { NotUnderstood, putOnce } from "./shape.ts";

export const holdingsSchema = v.array(
  v.strictObject({
    osd: v.pipe(v.number(), v.safeInteger(), v.minValue(0)),
    /** Names, with `s` and the shard where the pool is erasure coded, for example `5.3s0`. */
    pgs: v.array(v.string()),
  }),
);
export type Holdings = v.InferInput<typeof holdingsSchema>;

/** Ids of pools of which it holds something, by OSD. */
export type HeldPools = ReadonlyMap<number, ReadonlySet<number>>;

/** @throws NotUnderstood */
export function parseHoldings(value: unknown): HeldPools {
  const result = v.safeParse(holdingsSchema, value);
  if (!result.success) throw new NotUnderstood("what OSDs hold has another form");
  const held = new Map<number, ReadonlySet<number>>();
  for (const { osd, pgs } of result.output) {
    const pools = new Set(pgs.map((pg) => poolOf(pg.replace(/s\d{1,3}$/, ""))));
    putOnce(held, osd, pools, "an OSD that was asked");
  }
  return held;
}
