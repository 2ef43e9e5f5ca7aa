/**
 * The maps as a change would leave them: what Ceph's monitors do with `osd out`, `osd in`, `osd
 * reweight`, `osd crush reweight`, `osd crush move` and `osd pool set crush_rule`, done to the JSON that
 * they print.
 */
import { DsecosError } from "../../bus/errors.ts";
import { whole } from "../crush/choose.ts";
import type { OsdMapOfDump } from "../crush/groups.ts";
import { type BucketOfDump, type CrushDump, NotComputed } from "../crush/map.ts";
import type { Change } from "./answers.ts";

/** As Ceph printed them; members that nobody here knows stay as they are. */
export interface Dumps {
  osdmap: unknown;
  crush: unknown;
}

/**
 * @param dumps of which both are of the known form; they are not changed
 * @throws DsecosError NotFound, Conflict
 * @throws NotComputed where it is not known what would become of them
 */
export function applied({ osdmap, crush }: Dumps, change: Change): Dumps {
  switch (change.what) {
    case "out":
    case "in":
    case "reweight":
      return { osdmap: reweighted(osdmap, change), crush };
    case "rule":
      return { osdmap: ruled(osdmap as OsdMapOfDump, crush as CrushDump, change), crush };
    case "crushReweight":
      return { osdmap, crush: heavier(crush as CrushDump, change) };
    case "move":
      return { osdmap, crush: moved(crush as CrushDump, change) };
  }
}

function notFound(what: string): DsecosError {
  return new DsecosError("NotFound", what);
}

function reweighted(before: unknown, { what, osd: id, weight = 0 }: Change): unknown {
  const osdmap = structuredClone(before) as OsdMapOfDump & { osds: Record<string, unknown>[] };
  const osd = osdmap.osds.find((one) => one.osd === id);
  if (osd === undefined) throw notFound(`There is no osd.${id}; look at the topology.`);
  const kept = osdmap.osd_xinfo?.find((one) => one.osd === id)?.old_weight ?? 0;
  const back = Number(osd.weight) > 0 ? Number(osd.weight) : kept > 0 ? kept / whole : 1;
  const next = what === "out" ? 0 : what === "in" ? back : Math.trunc(weight * whole) / whole;
  Object.assign(osd, { weight: next, in: next > 0 ? 1 : 0 });
  return osdmap;
}

function ruled(before: OsdMapOfDump, crush: CrushDump, { pool: name, rule }: Change): unknown {
  const osdmap = structuredClone(before);
  const pool = osdmap.pools.find(({ pool_name }) => pool_name === name);
  if (pool === undefined) throw notFound(`There is no pool ${name}.`);
  const found = crush.rules.find(({ rule_name }) => rule_name === rule);
  if (found === undefined) throw notFound(`There is no CRUSH rule ${rule}.`);
  if (found.type !== pool.type) {
    const what = `Rule ${rule} is for pools of another kind than ${name}; choose one of its kind.`;
    throw new DsecosError("Conflict", what);
  }
  pool.crush_rule = found.rule_id;
  return osdmap;
}

/** Monitors change what replaces weights in ways that depend on their settings. */
function refuseOverrides({ choose_args }: CrushDump): void {
  if (Object.keys(choose_args ?? {}).length === 0) return;
  throw new NotComputed("weights of the CRUSH map are replaced by a weight-set");
}

/** An item's weight is what is in it; somebody may have set it otherwise. */
function refuseOddWeights({ buckets }: CrushDump): void {
  const byId = new Map(buckets.map((bucket) => [bucket.id, bucket]));
  for (const { name, weight, items } of buckets) {
    const isOdd =
      weight !== sum(items) ||
      items.some((item) => item.id < 0 && byId.get(item.id)?.weight !== item.weight);
    if (isOdd) throw new NotComputed(`bucket ${name} does not weigh what is in it`);
  }
}

const sum = (items: BucketOfDump["items"]) => items.reduce((all, { weight }) => all + weight, 0);

/** From below up, until every bucket weighs what is in it. */
function weighAnew(buckets: BucketOfDump[]): void {
  const byId = new Map(buckets.map((bucket) => [bucket.id, bucket]));
  const weigh = (bucket: BucketOfDump): number => {
    for (const item of bucket.items) {
      const inner = byId.get(item.id);
      if (inner !== undefined) item.weight = weigh(inner);
    }
    bucket.weight = sum(bucket.items);
    return bucket.weight;
  };
  const inside = new Set(buckets.flatMap(({ items }) => items.map(({ id }) => id)));
  for (const bucket of buckets) if (!inside.has(bucket.id)) weigh(bucket);
}

function heavier(before: CrushDump, { osd, weight = 0 }: Change): CrushDump {
  refuseOverrides(before);
  refuseOddWeights(before);
  const crush = structuredClone(before);
  const items = crush.buckets.flatMap((bucket) => bucket.items.filter(({ id }) => id === osd));
  if (items.length === 0) throw notFound(`There is no osd.${osd} in the CRUSH map.`);
  // Ceph computes with numbers of 32 bits here.
  for (const item of items) item.weight = Math.trunc(Math.fround(Math.fround(weight) * whole));
  weighAnew(crush.buckets);
  return crush;
}

function moved(before: CrushDump, { bucket: name = "", to = "" }: Change): CrushDump {
  refuseOverrides(before);
  refuseOddWeights(before);
  const crush = structuredClone(before);
  const { buckets } = crush;
  const named = (wanted: string): BucketOfDump => {
    const found = buckets.find((one) => one.name === wanted && !wanted.includes("~"));
    if (found === undefined) throw notFound(`There is no bucket ${wanted} in the CRUSH map.`);
    return found;
  };
  const [bucket, target] = [named(name), named(to)];
  if (target.type_id <= bucket.type_id) {
    const what = `A ${bucket.type_name} such as ${name} cannot be in a ${target.type_name} such as ${to}.`;
    throw new DsecosError("Conflict", what);
  }
  const parents = buckets.filter(({ items }) => items.some(({ id }) => id === bucket.id));
  if (parents.length > 1) throw new NotComputed(`bucket ${name} is in ${parents.length} others`);
  for (const parent of parents) parent.items = parent.items.filter(({ id }) => id !== bucket.id);
  target.items.push({ id: bucket.id, weight: bucket.weight });
  shadowAnew(crush);
  weighAnew(buckets);
  return crush;
}

/** Beside each bucket there is one for each class of devices, which keeps its id. */
function shadowAnew({ buckets, devices }: CrushDump): void {
  const classes = new Map(devices.map((device) => [device.id, device.class]));
  const plain = new Map(buckets.map((bucket) => [bucket.name, bucket]));
  const byId = new Map(buckets.map((bucket) => [bucket.id, bucket]));
  for (const shadow of buckets) {
    const [name = "", wanted] = shadow.name.split("~");
    const original = plain.get(name);
    if (wanted === undefined || original === undefined) continue;
    shadow.items = original.items.flatMap((item) => {
      if (item.id >= 0) return classes.get(item.id) === wanted ? { ...item } : [];
      const inner = plain.get(`${byId.get(item.id)?.name}~${wanted}`);
      if (inner === undefined) throw new NotComputed(`bucket ${name} has no part of ${wanted}`);
      return { id: inner.id, weight: inner.weight };
    });
  }
}
