/**
 * What somebody is about to change of a cluster, as far as it decides where data may be: applied to the
 * maps as Ceph prints them, without asking the cluster. Weights, in and out are no changes here, since
 * the proof holds for any of them.
 */
import { type Members, NotUnderstood } from "./read/shape.ts";

export type Change =
  /** `osd pool set POOL crush_rule RULE` */
  | { act: "ruleOfPool"; pool: string; rule: string }
  /** `osd crush rule create-replicated NAME BUCKET DOMAIN` */
  | { act: "makeRule"; rule: string; bucket: string; domain: string }
  /** `osd pool create POOL replicated RULE`, for data that may be where it is allowed alone. */
  | { act: "makePool"; pool: string; rule: string; copies: number; allowed: string[] }
  /** `osd crush move`, or `set` of an OSD: from wherever it is; `osd.3` or a bucket's name. */
  | { act: "move"; item: string; into: string }
  /** `osd pg-upmap` or `pg-upmap-items`: OSDs that a group such as 4.1f is given. */
  | { act: "upmap"; pg: string; osds: number[] };

interface Bucket extends Members {
  id: number;
  name: string;
  items: { id: number; weight: number; pos: number }[];
}

export interface Maps {
  osdmap: { pools: Members[]; pg_upmap: unknown[] };
  crush: {
    buckets: Bucket[];
    rules: Members[];
    devices: { id: number; name: string; class?: string }[];
  };
}

/** Changes the maps themselves. @throws NotUnderstood where it names what is not there */
export function apply(maps: Maps, change: Change): void {
  const { osdmap, crush } = maps;
  if (change.act === "ruleOfPool") {
    poolOf(maps, change.pool).crush_rule = ruleOf(maps, change.rule).rule_id;
  } else if (change.act === "makeRule") {
    const { rule, bucket, domain } = change;
    const id = 1 + Math.max(-1, ...crush.rules.map(({ rule_id }) => Number(rule_id)));
    const steps = [
      { op: "take", item: bucketOf(maps, bucket).id, item_name: bucket },
      { op: "chooseleaf_firstn", num: 0, type: domain },
      { op: "emit" },
    ];
    crush.rules.push({ rule_id: id, rule_name: rule, type: 1, steps });
  } else if (change.act === "makePool") {
    const { pool, rule, copies } = change;
    const id = 1 + Math.max(0, ...osdmap.pools.map((each) => Number(each.pool)));
    const none = { tiers: [], tier_of: -1, read_tier: -1, write_tier: -1 };
    const made = { pool: id, pool_name: pool, type: 1, size: copies, pg_num: 0 };
    osdmap.pools.push({ ...made, ...none, crush_rule: ruleOf(maps, rule).rule_id });
  } else if (change.act === "move") {
    move(maps, change.item, change.into);
  } else {
    osdmap.pg_upmap.push({ pgid: change.pg, osds: change.osds });
  }
}

function poolOf({ osdmap }: Maps, name: string): Members {
  const found = osdmap.pools.find(({ pool_name }) => pool_name === name);
  return known(found, `pool ${name}`);
}

function ruleOf({ crush }: Maps, name: string): Members {
  const found = crush.rules.find(({ rule_name }) => rule_name === name);
  return known(found, `rule ${name}`);
}

function bucketOf({ crush }: Maps, name: string): Bucket {
  const found = crush.buckets.find((bucket) => bucket.name === name);
  return known(found, `bucket ${name}`);
}

function known<T>(found: T | undefined, what: string): T {
  if (found === undefined) throw new NotUnderstood(`there is no ${what}`);
  return found;
}

/** As Ceph does: out of all buckets but the new one, and shadows of device classes after it. */
function move(maps: Maps, item: string, into: string): void {
  const { crush } = maps;
  const device = crush.devices.find(({ name }) => name === item);
  const { id } = device ?? bucketOf(maps, item);
  const target = bucketOf(maps, into);
  for (const bucket of crush.buckets) {
    if (!isShadow(bucket)) bucket.items = bucket.items.filter((each) => each.id !== id);
  }
  target.items.push({ id, weight: 0, pos: target.items.length });
  rebuildShadows(maps);
}

const isShadow = ({ name }: Bucket) => name.includes("~");

/** A shadow holds the OSDs of its class that its bucket holds, and shadows of buckets below that. */
function rebuildShadows({ crush }: Maps): void {
  const byName = new Map(crush.buckets.map((bucket) => [bucket.name, bucket]));
  const byId = new Map(crush.buckets.map((bucket) => [bucket.id, bucket]));
  const classes = new Map(crush.devices.map((device) => [device.id, device.class]));
  let lowest = Math.min(0, ...byId.keys());
  const shadowOf = (base: Bucket, name: string): Bucket => {
    const found = byName.get(`${base.name}~${name}`);
    if (found !== undefined) return found;
    lowest -= 1;
    const made = { ...base, id: lowest, name: `${base.name}~${name}`, items: [] };
    crush.buckets.push(made);
    byName.set(made.name, made);
    return made;
  };
  for (const name of new Set([...classes.values()].filter((one) => one !== undefined))) {
    for (const base of [...byId.values()].filter((bucket) => !isShadow(bucket))) {
      const inner = base.items.flatMap(({ id }) => {
        const bucket = byId.get(id);
        if (bucket !== undefined) return [shadowOf(bucket, name).id];
        return classes.get(id) === name ? [id] : [];
      });
      shadowOf(base, name).items = inner.map((id, pos) => ({ id, weight: 0, pos }));
    }
  }
}
