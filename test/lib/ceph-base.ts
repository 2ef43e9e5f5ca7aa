/**
 * A cluster whose pools are ruled to the UK: Ceph 16.2.15 on loopback, with one monitor and eight OSDs
 * in memory, whose CRUSH locations were `root=default region=… datacenter=… host=…`, two in each of
 * london and manchester (uk), frankfurt (eu) and dubai (ae). Recorded once all groups were active+clean, with
 * `ceph osd dump`, `ceph osd crush dump` and `ceph pg dump pgs_brief` (-f json), after:
 *
 *     osd erasure-code-profile set ukec k=2 m=1 crush-failure-domain=osd crush-root=uk
 *     osd crush rule create-replicated uk-region uk datacenter
 *     osd crush rule create-erasure uk-ec ukec
 *     osd crush rule create-replicated uk-hdd uk host hdd
 *     osd crush rule create-replicated ae-region ae host
 *     osd pool create tenants-uk 8 8 replicated uk-region        (size 2)
 *     osd pool create tenants-uk-ec 8 8 erasure ukec uk-ec
 *     osd pool create tenants-uk-hdd 8 8 replicated uk-hdd       (size 2)
 *     osd pool create tenants-ae 4 4 replicated ae-region        (size 2)
 *
 * What OSDs hold is made from the groups, which is what OSDs list where all are clean; that nothing is
 * mirrored was so.
 */
import type { JurisdictionMap } from "../../agent/ceph/residency/map/document.ts";
import type { Evidence } from "../../agent/ceph/residency/prove.ts";
import type { Exits } from "../../agent/ceph/residency/read/exits.ts";
import type { Holdings } from "../../agent/ceph/residency/read/holdings.ts";
import crushMap from "../fixtures/ceph/crush.json" with { type: "json" };
import osdMap from "../fixtures/ceph/osdmap.json" with { type: "json" };
import pgList from "../fixtures/ceph/pgs.json" with { type: "json" };

export interface BaseBucket {
  id: number;
  name: string;
  type_id: number;
  type_name: string;
  weight: number;
  alg: string;
  hash: string;
  items: { id: number; weight: number; pos: number }[];
}

type Loose = Record<string, unknown>;

export interface BasePool extends Loose {
  pool: number;
  pool_name: string;
  crush_rule: number;
  tiers: number[];
}

export interface BaseRule extends Loose {
  rule_id: number;
  rule_name: string;
  ruleset: number;
  steps: Loose[];
}

export interface BasePg {
  pgid: string;
  state: string;
  up: number[];
  acting: number[];
  up_primary: number;
  acting_primary: number;
}

export interface Base {
  osdmap: Loose & {
    fsid: string;
    pools: BasePool[];
    osds: (Loose & { osd: number; state: string[] })[];
    pg_upmap: unknown[];
    pg_upmap_items: unknown[];
    pg_temp: unknown[];
    primary_temp: unknown[];
  };
  crush: Loose & { buckets: BaseBucket[]; rules: BaseRule[]; devices: Loose[] };
  pgs: { pg_ready: boolean; pg_stats: BasePg[] };
  holdings: Holdings;
  exits: Exits & { [K in "rbd" | "cephfs" | "rgw"]: NonNullable<Exits[K]> };
  map: JurisdictionMap;
}

/** A copy of its own, to be changed. */
export function baseCluster(): Base {
  const osdmap: Base["osdmap"] = structuredClone(osdMap);
  const pgs: Base["pgs"] = structuredClone(pgList);
  const held = ({ osd }: { osd: number }) =>
    pgs.pg_stats.filter(({ acting }) => acting.includes(osd));
  return {
    osdmap,
    crush: structuredClone(crushMap),
    pgs,
    holdings: osdmap.osds.map((osd) => ({ osd: osd.osd, pgs: held(osd).map(({ pgid }) => pgid) })),
    exits: {
      rbd: osdmap.pools.map(({ pool_name }) => ({ pool: pool_name, mode: "disabled", peers: [] })),
      cephfs: [{ fileSystem: "fs", pools: [1, 2], peers: [] }],
      rgw: { peers: [] },
    },
    map: {
      format: "dsecos-ceph-jurisdictions-1",
      cluster: osdmap.fsid,
      serial: 1,
      at: "2026-11-22T14:00:00.000Z",
      buckets: [
        { id: -5, name: "uk", jurisdiction: "UK" },
        { id: -11, name: "eu", jurisdiction: "EU" },
        { id: -25, name: "ae", jurisdiction: "AE" },
      ],
      peers: [],
      pools: [
        { id: 4, name: "tenants-uk", allowed: ["UK"] },
        { id: 5, name: "tenants-uk-ec", allowed: ["UK"] },
        { id: 7, name: "tenants-uk-hdd", allowed: ["UK"] },
        { id: 8, name: "tenants-ae", allowed: ["AE"] },
      ],
    },
  };
}

export function evidenceOf({ osdmap, crush, pgs, holdings, exits }: Base): Evidence {
  const text = (value: unknown) => Buffer.from(JSON.stringify(value));
  const maybe = (value: unknown) => (value === undefined ? undefined : text(value));
  return {
    ...{ osdmap: text(osdmap), crush: text(crush), pgs: maybe(pgs), holdings: maybe(holdings) },
    exits,
  };
}

export function bucketOf({ crush }: Base, name: string): BaseBucket {
  return found(crush.buckets, (bucket) => bucket.name === name);
}

export function ruleOf({ crush }: Base, name: string): BaseRule {
  return found(crush.rules, (rule) => rule.rule_name === name);
}

export function poolOf({ osdmap }: Base, name: string): BasePool {
  return found(osdmap.pools, (pool) => pool.pool_name === name);
}

export function pgOf({ pgs }: Base, name: string): BasePg {
  return found(pgs.pg_stats, ({ pgid }) => pgid === name);
}

export function heldBy({ holdings }: Base, osd: number): { osd: number; pgs: string[] } {
  return found(holdings, (each) => each.osd === osd);
}

function found<T>(values: readonly T[], is: (value: T) => boolean): T {
  const value = values.find(is);
  if (value === undefined) throw new Error("the recorded cluster has none");
  return value;
}

/** Adds an item to a bucket, or takes it out. */
export function link(base: Base, item: number, into: string): void {
  const { items } = bucketOf(base, into);
  items.push({ id: item, weight: 131, pos: items.length });
}

export function unlink(base: Base, item: number, from: string): void {
  const bucket = bucketOf(base, from);
  bucket.items = bucket.items.filter(({ id }) => id !== item);
}
