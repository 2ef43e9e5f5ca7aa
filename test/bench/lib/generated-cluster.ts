/**
 * Maps of a cluster that nobody runs, generated: OSDs, pools and placement groups in the form in which a
 * recorded cluster printed them, in hosts of 24, racks of 10 hosts, four sites and three regions, with the
 * shadow trees of a device class. Pools are ruled to the UK by one of four rules; every group is
 * active+clean on three OSDs there, and every OSD elsewhere says that it holds other pools alone.
 */
import type { Exits } from "../../../agent/ceph/residency/read/exits.ts";
import type { Holdings } from "../../../agent/ceph/residency/read/holdings.ts";
import { baseCluster } from "../../lib/ceph-base.ts";

export interface GeneratedSize {
  osds: number;
  pools: number;
  pgs: number;
}

export function generatedCluster({ osds, pools, pgs }: GeneratedSize) {
  const base = baseCluster();
  const [osd, pool, pg] = [base.osdmap.osds[0], base.osdmap.pools[0], base.pgs.pg_stats[0]];
  if (osd === undefined || pool === undefined || pg === undefined)
    throw new Error("nothing recorded");
  const crush = crushOf(osds);
  const britons = crush.uk;
  const osdmap = {
    ...base.osdmap,
    max_osd: osds,
    pools: Array.from({ length: pools }, (_unused, index) => ({
      ...structuredClone(pool),
      ...{
        pool: index + 1,
        pool_name: `pool-${index + 1}`,
        crush_rule: index % 4,
        type: 1,
        size: 3,
      },
      ...{ pg_num: pgs / pools, application_metadata: { rbd: {} } },
    })),
    osds: Array.from({ length: osds }, (_unused, id) => ({ ...structuredClone(osd), osd: id })),
  };
  const groups = Array.from({ length: pgs }, (_unused, index) => {
    const at = (copy: number) => britons[(index * 7 + copy * 211) % britons.length] ?? 0;
    const three = [at(0), at(1), at(2)];
    const pgid = `${1 + (index % pools)}.${Math.floor(index / pools).toString(16)}`;
    const primary = { up_primary: at(0), acting_primary: at(0) };
    return { ...pg, pgid, state: "active+clean", up: three, acting: [...three], ...primary };
  });
  const elsewhere = osdmap.osds.map((each) => each.osd).filter((id) => !crush.isUk(id));
  const holdings: Holdings = elsewhere.map((id) => {
    return { osd: id, pgs: Array.from({ length: 70 }, (_unused, index) => `${900 + index}.1f`) };
  });
  const exits: Exits = {
    rbd: osdmap.pools.map(({ pool_name }) => ({ pool: pool_name, mode: "disabled", peers: [] })),
    cephfs: [],
    rgw: { peers: [] },
  };
  return {
    texts: {
      osdmap: JSON.stringify(osdmap),
      crush: JSON.stringify(crush.dump),
      pgs: JSON.stringify({ pg_ready: true, pg_stats: groups }),
      holdings: JSON.stringify(holdings),
    },
    exits,
    ground: { cluster: base.osdmap.fsid, buckets: crush.mapped, peers: [] },
    demands: osdmap.pools.map(({ pool_name }) => ({ pool: pool_name, allowed: ["UK"] })),
  };
}

const sites = [
  ["uk", "london"],
  ["uk", "manchester"],
  ["eu", "frankfurt"],
  ["ae", "dubai"],
] as const;
const typeIds = { osd: 0, host: 1, rack: 3, datacenter: 8, region: 10, root: 11 };
type Type = keyof typeof typeIds;
const osdsOfHost = 24;
const hostsOfRack = 10;

/** Every bucket with its shadow, as Ceph has them. */
function crushOf(osds: number) {
  const { crush } = baseCluster();
  const buckets: unknown[] = [];
  const make = (name: string, type: Type, items: [number, number][]): [number, number] => {
    const ids: number[] = [];
    for (const [shadow, suffix] of ["", "~hdd"].entries()) {
      const id = -1 - buckets.length;
      ids.push(id);
      buckets.push({
        ...{ id, name: name + suffix, type_id: typeIds[type], type_name: type },
        ...{ weight: 1_572_864, alg: "straw2", hash: "rjenkins1" },
        items: items.map((item, pos) => ({ id: item[shadow], weight: 65_536, pos })),
      });
    }
    return ids as [number, number];
  };
  const siteOf = (id: number) => Math.floor(id / osdsOfHost) % sites.length;
  const hosts = Array.from({ length: Math.ceil(osds / osdsOfHost) }, (_unused, host) => {
    const ids = Array.from({ length: osdsOfHost }, (_all, at) => host * osdsOfHost + at);
    const site = host % sites.length;
    const own = ids.filter((id) => id < osds).map((id): [number, number] => [id, id]);
    return { site, ids: make(`host-${host}`, "host", own) };
  });
  const centres = sites.map(([region, name], site) => {
    const own = hosts.filter((host) => host.site === site).map(({ ids }) => ids);
    const racks: [number, number][] = [];
    for (let at = 0; at < own.length; at += hostsOfRack) {
      racks.push(make(`${name}-${at / hostsOfRack}`, "rack", own.slice(at, at + hostsOfRack)));
    }
    return { region, ids: make(name, "datacenter", racks) };
  });
  const regions = ["uk", "eu", "ae"].map((name) => {
    const own = centres.filter(({ region }) => region === name).map(({ ids }) => ids);
    return { name, ids: make(name, "region", own) };
  });
  make(
    "default",
    "root",
    regions.map(({ ids }) => ids),
  );
  const [uk = [0, 0]] = regions.map(({ ids }) => ids);
  const rules = [
    [uk[0], "uk", "chooseleaf_firstn", "host"],
    [uk[0], "uk", "chooseleaf_firstn", "rack"],
    [uk[1], "uk~hdd", "chooseleaf_firstn", "host"],
    [uk[1], "uk~hdd", "chooseleaf_indep", "rack"],
  ].map(([item, item_name, op, type], rule_id) => ({
    ...{ rule_id, rule_name: `rule-${rule_id}`, type: 1 },
    steps: [{ op: "take", item, item_name }, { op, num: 0, type }, { op: "emit" }],
  }));
  const isUk = (id: number) => sites[siteOf(id)]?.[0] === "uk";
  const devices = Array.from({ length: osds }, (_unused, id) => {
    return { id, name: `osd.${id}`, class: "hdd" };
  });
  return {
    dump: { ...crush, devices, buckets, rules },
    isUk,
    uk: devices.map(({ id }) => id).filter(isUk),
    mapped: regions.map(({ name, ids }) => {
      return { id: ids[0], name, jurisdiction: name.toUpperCase() };
    }),
  };
}
