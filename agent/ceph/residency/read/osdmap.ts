/**
 * The OSD map as `ceph osd dump -f json` prints it, from Ceph 16.2 to 19.2. Stretch mode is left out on
 * purpose: it decides when a placement group may serve, and changes neither rules nor what they choose.
 */
import { knownOfMap, knownOfPool } from "./known.ts";
import {
  list,
  type Members,
  members,
  NotUnderstood,
  natural,
  onlyKnown,
  putOnce,
  text,
  whole,
} from "./shape.ts";

export interface Pool {
  id: number;
  name: string;
  /** 1: replicated, 3: erasure coded. */
  type: number;
  size: number;
  rule: number;
  pgs: number;
  /** Ids of pools that hold its objects, or whose objects it holds, as tiers. */
  tiers: number[];
  /** Names of the applications that use it, with what each noted. */
  applications: ReadonlyMap<string, Members>;
}

export interface Osd {
  id: number;
  up: boolean;
  in: boolean;
  /** Epoch from which on it is up without a break; 0 where that is not told. */
  since: number;
  /** An operator said that what was on it is lost. */
  destroyed: boolean;
}

export type OverrideKind = "pgTemp" | "primaryTemp" | "upmap" | "upmapItems" | "upmapPrimary";

/** OSDs that a placement group has because somebody said so, not because of a rule. */
export interface Override {
  kind: OverrideKind;
  pg: string;
  pool: number;
  osds: number[];
}

export interface OsdMap {
  epoch: number;
  fsid: string;
  pools: ReadonlyMap<number, Pool>;
  poolNames: ReadonlyMap<string, Pool>;
  osds: ReadonlyMap<number, Osd>;
  overrides: Override[];
}

/** @throws NotUnderstood */
export function parseOsdMap(value: unknown): OsdMap {
  const map = members(value, "the OSD map");
  onlyKnown(map, knownOfMap, "the OSD map");
  const pools = new Map<number, Pool>();
  const poolNames = new Map<string, Pool>();
  for (const each of list(map.pools, "pools of the OSD map")) {
    const pool = parsePool(each);
    putOnce(pools, pool.id, pool, "a pool's id");
    putOnce(poolNames, pool.name, pool, "a pool's name");
  }
  for (const { name, tiers } of pools.values()) {
    const gone = tiers.find((tier) => !pools.has(tier));
    if (gone !== undefined)
      throw new NotUnderstood(`pool ${name} has a tier ${gone} that is no pool`);
  }
  const osds = new Map<number, Osd>();
  for (const each of list(map.osds, "OSDs of the OSD map")) {
    const osd = parseOsd(each);
    putOnce(osds, osd.id, osd, "an OSD");
  }
  return {
    epoch: natural(map.epoch, "epoch of the OSD map"),
    fsid: text(map.fsid, "fsid of the OSD map"),
    ...{ pools, poolNames, osds },
    overrides: parseOverrides(map),
  };
}

function parsePool(value: unknown): Pool {
  const pool = members(value, "a pool");
  const id = natural(pool.pool, "id of a pool");
  const name = text(pool.pool_name, `name of pool ${id}`);
  const where = `pool ${name}`;
  onlyKnown(pool, knownOfPool, where);
  const tiers = list(pool.tiers, `tiers of ${where}`).map((tier) =>
    natural(tier, `tier of ${where}`),
  );
  for (const member of ["tier_of", "read_tier", "write_tier"]) {
    const tier = whole(pool[member], `${member} of ${where}`);
    if (tier >= 0) tiers.push(tier);
    else if (tier !== -1) throw new NotUnderstood(`${member} of ${where} is ${tier}`);
  }
  const applications = new Map<string, Members>();
  const noted = members(pool.application_metadata ?? {}, `applications of ${where}`);
  for (const [application, notes] of Object.entries(noted)) {
    applications.set(application, members(notes, `${application} of ${where}`));
  }
  return {
    ...{ id, name, tiers, applications },
    type: natural(pool.type, `type of ${where}`),
    size: natural(pool.size, `size of ${where}`),
    rule: natural(pool.crush_rule, `rule of ${where}`),
    pgs: natural(pool.pg_num, `number of placement groups of ${where}`),
  };
}

function parseOsd(value: unknown): Osd {
  const osd = members(value, "an OSD");
  const id = natural(osd.osd, "id of an OSD");
  const state = list(osd.state, `state of osd.${id}`);
  return {
    id,
    up: flag(osd.up, `up of osd.${id}`),
    in: flag(osd.in, `in of osd.${id}`),
    since: natural(osd.up_from ?? 0, `up_from of osd.${id}`),
    destroyed: state.includes("destroyed"),
  };
}

function flag(value: unknown, where: string): boolean {
  if (value !== 0 && value !== 1) throw new NotUnderstood(`${where} is neither 0 nor 1`);
  return value === 1;
}

function parseOverrides(map: Members): Override[] {
  const overrides: Override[] = [];
  const add = (kind: OverrideKind, pg: unknown, osds: number[]) => {
    const name = text(pg, `placement group of ${kind}`);
    overrides.push({ kind, pg: name, pool: poolOf(name), osds });
  };
  for (const each of list(map.pg_upmap, "pg_upmap")) {
    const { pgid, osds } = members(each, "pg_upmap");
    add("upmap", pgid, osdList(osds, "pg_upmap"));
  }
  for (const each of list(map.pg_upmap_items, "pg_upmap_items")) {
    const { pgid, mappings } = members(each, "pg_upmap_items");
    const to = list(mappings, "pg_upmap_items").map((one) => members(one, "pg_upmap_items").to);
    add("upmapItems", pgid, osdList(to, "pg_upmap_items"));
  }
  for (const each of list(map.pg_upmap_primaries ?? [], "pg_upmap_primaries")) {
    const { pgid, primary_osd } = members(each, "pg_upmap_primaries");
    add("upmapPrimary", pgid, osdList([primary_osd], "pg_upmap_primaries"));
  }
  for (const each of list(map.pg_temp, "pg_temp")) {
    const { pgid, osds } = members(each, "pg_temp");
    add("pgTemp", pgid, osdList(osds, "pg_temp"));
  }
  for (const [pg, osd] of primaryTemps(list(map.primary_temp, "primary_temp"))) {
    add("primaryTemp", pg, osdList([osd], "primary_temp"));
  }
  return overrides;
}

/** Ceph 16.2 prints names and OSDs in turn, without objects around them. */
function primaryTemps(values: unknown[]): [unknown, unknown][] {
  if (values.every((value) => typeof value === "object")) {
    return values.map((each) => {
      const { pgid, osd } = members(each, "primary_temp");
      return [pgid, osd];
    });
  }
  if (values.length % 2 !== 0) throw new NotUnderstood("primary_temp has no pairs");
  return values.flatMap((value, index) =>
    index % 2 === 0 ? [[value, values[index + 1]] as [unknown, unknown]] : [],
  );
}

/** Stands in lists of OSDs where there is none. */
export const noOsd = 2_147_483_647;

function osdList(value: unknown, where: string): number[] {
  const osds = list(value, where).map((osd) => whole(osd, where));
  return osds.filter((osd) => osd !== noOsd && osd !== -1).map((osd) => natural(osd, where));
}

/**
 * A placement group's name, such as 12.3f, taken apart by hand: a cluster has hundreds of thousands.
 * @returns id of the pool, and the group's number in it
 * @throws NotUnderstood where it is no placement group's name
 */
export function partsOf(pg: string): { pool: number; seed: number } {
  const point = pg.indexOf(".");
  const pool = numberIn(pg, 0, point, 10);
  const seed = numberIn(pg, point + 1, pg.length, 16);
  if (pool < 0 || seed < 0) throw new NotUnderstood(`“${pg}” is no placement group`);
  return { pool, seed };
}

const mostDigits = { 10: 15, 16: 8 };

/** @returns -1 where there is none, or one that has zeros before it */
function numberIn(text: string, from: number, to: number, base: 10 | 16): number {
  const digits = to - from;
  if (digits < 1 || digits > mostDigits[base]) return -1;
  if (digits > 1 && text.charCodeAt(from) === 0x30) return -1;
  let value = 0;
  for (let at = from; at < to; at++) {
    const code = text.charCodeAt(at);
    const isLetter = base === 16 && code >= 0x61 && code <= 0x66;
    if (!isLetter && (code < 0x30 || code > 0x39)) return -1;
    value = value * base + code - (isLetter ? 0x57 : 0x30);
  }
  return value;
}

/** @returns id of the pool. @throws NotUnderstood where it is no placement group's name */
export function poolOf(pg: string): number {
  return partsOf(pg).pool;
}
