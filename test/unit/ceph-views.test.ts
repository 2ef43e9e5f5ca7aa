/**
 * Topology, capacity and encryption. Answers were recorded from a Ceph 16.2.15 with eight OSDs in
 * four sites, of which osd.5 was killed, osd.6 marked out and osd.7 taken out of the CRUSH map, with
 * an erasure coded pool and a replicated one with 20 MB each; paths and fields that no code reads
 * were left out.
 */
import { expect, test } from "vitest";
import { growthOf, leastMs, Samples } from "../../agent/ceph/capacity/growth.ts";
import { lossesOf } from "../../agent/ceph/capacity/losses.ts";
import { countPools } from "../../agent/ceph/capacity/pools.ts";
import { flightOf, gatewayFlight } from "../../agent/ceph/encryption/flight.ts";
import type { OsdMetadata } from "../../agent/ceph/encryption/input.ts";
import { daemonsOf, isTroubled, judgeAll } from "../../agent/ceph/encryption/judge.ts";
import { keptKeys, restOf } from "../../agent/ceph/encryption/rest.ts";
import type { TopologyFilter } from "../../agent/ceph/topology/answers.ts";
import { pageOfTree } from "../../agent/ceph/topology/page.ts";
import { buildTree } from "../../agent/ceph/topology/tree.ts";
import recorded from "../lib/ceph-recorded.json" with { type: "json" };

const { osdDump, crushDump, osdDf, osdPerf, osdMetadata, df } = recorded;
const latency = osdPerf.osdstats.osd_perf_infos.map(({ id, perf_stats }) => ({
  id,
  commitLatencyMs: perf_stats.commit_latency_ms,
  applyLatencyMs: perf_stats.apply_latency_ms,
}));
const use = [...osdDf.nodes, ...osdDf.stray];
const input = { osds: osdDump.osds, crush: crushDump, use, latency };
const anything: TopologyFilter = {
  ...{ search: "", state: [], under: "", detail: "", cursor: "", limit: 200 },
};

test("the tree has every bucket once, sums below each, and says what is wrong with an OSD", () => {
  const { rows, sums } = buildTree(input);
  expect(sums).toMatchObject({ osds: 8, up: 7, in: 7, destroyed: 0 });
  const byPath = new Map(rows.map((row) => [row.path, row]));
  expect(byPath.size).toBe(rows.length);
  expect(rows.some(({ name }) => name.includes("~"))).toBe(false);
  const killed = byPath.get("default/uk/manchester/man-02/osd.5");
  expect(killed).toMatchObject({
    ...{ region: "uk", site: "manchester", host: "man-02", depth: 4 },
    osd: { state: "down", deviceClass: "hdd", reweight: 1, applyLatencyMs: null },
    sums: { osds: 1, up: 0, in: 1, totalKiB: 1_048_576, commitLatencyMs: null },
  });
  expect(killed?.troubles.join()).toContain("does not answer");
  expect(byPath.get("default/eu/frankfurt/fra-02/osd.6")?.osd?.state).toBe("out");
  expect(byPath.get("default/uk")?.sums).toMatchObject({ osds: 4, up: 3, totalKiB: 4 * 1_048_576 });
  const nowhere = byPath.get("(in no bucket)");
  expect(nowhere?.sums.osds).toBe(1);
  expect(nowhere?.troubles.join()).toContain("no place is known");
  expect(byPath.get("(in no bucket)/osd.7")).toBeDefined();
});

test("an OSD that hangs in two trees comes in both and is counted once", () => {
  const twice = structuredClone(crushDump);
  const archive = { ...structuredClone(twice.buckets[0]), id: -900, name: "archive" };
  const host = twice.buckets.find(({ name }) => name === "lon-01");
  twice.buckets.push({ ...archive, items: [{ id: host?.id ?? 0, weight: 65, pos: 0 }] } as never);
  const { rows, sums } = buildTree({ ...input, crush: twice });
  expect(rows.filter(({ name }) => name === "osd.0").map(({ path }) => path)).toEqual([
    "archive/lon-01/osd.0",
    "default/uk/london/lon-01/osd.0",
  ]);
  expect(sums.osds).toBe(8);
});

test("a device of the CRUSH map without an OSD is wrong, and a loop ends", () => {
  const { rows } = buildTree({ ...input, osds: osdDump.osds.filter(({ osd }) => osd !== 0) });
  expect(rows.find(({ name }) => name === "osd.0")?.troubles.join()).toContain("no such OSD");
  const loop = structuredClone(crushDump);
  const uk = loop.buckets.find(({ name }) => name === "uk");
  uk?.items.push({ id: uk.id, weight: 1, pos: 9 });
  expect(buildTree({ ...input, crush: loop }).rows.length).toBeLessThan(5000);
});

test("pages of the tree keep the buckets above, and go on where the one before ended", () => {
  const { rows, sums } = buildTree(input);
  const page = (filter: Partial<TopologyFilter>) =>
    pageOfTree(rows, sums, { ...anything, ...filter });
  expect(page({}).total).toBe(rows.length);
  const names = (filter: Partial<TopologyFilter>) => page(filter).rows.map(({ name }) => name);
  expect(names({ state: ["down"] })).toEqual(["default", "uk", "manchester", "man-02", "osd.5"]);
  expect(names({ search: "FRANK osd.2" })).toEqual([
    ...["default", "eu", "frankfurt", "fra-01", "osd.2"],
  ]);
  expect(names({ detail: "sites", search: "dubai" })).toEqual(["default", "ae", "dubai"]);
  expect(names({ under: "default/uk/london" })).not.toContain("manchester");
  expect(page({ detail: "hosts" }).rows.every(({ osd }) => osd === undefined)).toBe(true);
  const all: string[] = [];
  for (let cursor = "", ended = false; !ended; ) {
    const { rows: some, next } = page({ cursor, limit: 3 });
    all.push(...some.map(({ path }) => path));
    cursor = next;
    ended = next === "";
  }
  expect(all).toEqual(rows.map(({ path }) => path));
  expect(() => page({ under: "default/mars" })).toThrow("no bucket default/mars");
  expect(() => page({ cursor: "nonsense" })).toThrow("no position");
});

test("hosts are shown first where there are too many OSDs to read", () => {
  const osds = Array.from({ length: 4320 }, (_unused, osd) => ({
    ...{ osd, up: 1, in: 1, weight: 1, state: ["exists", "up"] },
  }));
  const buckets = Array.from({ length: 180 }, (_unused, host) => ({
    ...{ id: -10 - host, name: `host-${host}`, type_name: "host" },
    items: Array.from({ length: 24 }, (_nothing, disk) => ({
      id: host * 24 + disk,
      weight: 65_536,
    })),
  }));
  const root = { id: -1, name: "default", type_name: "root" };
  const items = buckets.map(({ id }) => ({ id, weight: 24 * 65_536 }));
  const crush = { devices: [], buckets: [{ ...root, items }, ...buckets] };
  const { rows, sums } = buildTree({ osds, crush, use: [], latency: [] });
  const page = pageOfTree(rows, sums, anything);
  expect(page.detail).toBe("hosts");
  expect(page.total).toBe(181);
  expect(page.sums).toMatchObject({ osds: 4320, totalKiB: null });
  expect(pageOfTree(rows, sums, { ...anything, under: "default/host-7" }).total).toBe(25);
});

const pools = countPools({
  pools: osdDump.pools,
  profiles: osdDump.erasure_code_profiles,
  rules: crushDump.rules,
  use: df.pools,
});

// What is stored is Ceph's own estimate, which is too high while copies move.
test("pools say what a byte takes on devices and how many OSDs they may lose", () => {
  const byName = new Map(pools.map((pool) => [pool.name, pool]));
  expect(byName.get("volumes")).toMatchObject({
    ...{ kind: "replicated", size: 3, factor: 3, mayLose: 2, rule: "uk-sites", pgs: 8 },
    ...{ quotaKiB: 102_400, applications: ["rbd"], storedKiB: 26_041 },
  });
  expect(byName.get("archive")).toMatchObject({
    ...{ kind: "erasure", erasure: { k: 2, m: 1 }, factor: 1.5, mayLose: 1, applications: [] },
  });
  const [unknown] = countPools({
    pools: osdDump.pools.filter(({ pool_name }) => pool_name === "archive"),
    ...{ profiles: {}, rules: [], use: [] },
  });
  expect(unknown).toMatchObject({ factor: null, mayLose: null, rule: "" });
});

const room = { totalKiB: 1_000_000, usedKiB: 400_000, nearlyFull: 0.85, full: 0.95 };
const start = Date.parse("2026-01-01T00:00:00Z");
const hour = 3_600_000;

test("days until full are told of a straight line, and of nothing that is too short", () => {
  const line = Array.from({ length: 25 }, (_unused, at) => ({
    ...{ at: start + at * hour, usedKiB: 380_000 + at * 1000 },
  }));
  const born = { createdAt: "2025-12-31T00:00:00Z", now: start + 24 * hour };
  const { growth, note } = growthOf(line, room, born);
  expect(note).toBe("");
  expect(growth[0]?.kibPerDay).toBeCloseTo(24_000);
  expect(growth[0]?.daysUntilFull).toBeCloseTo(550_000 / 24_000);
  expect(growth[1]).toMatchObject({ basis: "average", kibPerDay: 200_000 });
  const short = line.filter(({ at }) => at - start < leastMs);
  expect(growthOf(short, room, born)).toMatchObject({
    growth: [{ basis: "average" }],
    note: expect.stringContaining("six hours"),
  });
  const dense = line.map(({ usedKiB }, at) => ({ at: start + at * 60_000, usedKiB }));
  expect(growthOf(dense, room, born).growth.map(({ basis }) => basis)).toEqual(["average"]);
  const young = { createdAt: new Date(start).toISOString(), now: start + hour };
  expect(growthOf([], room, young).growth).toEqual([]);
  const falling = line.map(({ at, usedKiB }) => ({ at, usedKiB: 800_000 - usedKiB }));
  expect(growthOf(falling, room, born).growth[0]?.daysUntilFull).toBeNull();
  const full = { ...room, usedKiB: 960_000 };
  expect(growthOf(line, full, born).growth[0]?.daysUntilFull).toBe(0);
});

test("a pool that lies in one region alone is lost with it", () => {
  const { rows } = buildTree(input);
  const take = (item_name: string) => ({ op: "take", item_name });
  const rules = [
    { rule_id: 0, rule_name: "uk", steps: [take("uk~hdd")] },
    { rule_id: 1, rule_name: "london", steps: [take("london")] },
    { rule_id: 2, rule_name: "both", steps: [take("uk"), take("eu")] },
    { rule_id: 3, rule_name: "all", steps: [take("default")] },
  ];
  const each = rules.map(({ rule_name }) => ({ name: `of-${rule_name}`, rule: rule_name }));
  const [region, site] = lossesOf(rows, rules, room, undefined, each);
  expect(region).toMatchObject({ outcome: "lost", lostPools: ["of-uk", "of-london"] });
  expect(site?.lostPools).toEqual(site?.name === "london" ? ["of-london"] : []);
});

test("samples are bounded, and a clock that was set back adds none", () => {
  const samples = new Samples(3);
  for (const at of [1, 2, 3, 4, 2]) samples.add({ at, usedKiB: at });
  expect(samples.all().map(({ at }) => at)).toEqual([2, 3, 4]);
});

test("losing the largest site or host says whether what it held fits on the rest", () => {
  const { rows } = buildTree(input);
  const total = rows[0]?.sums.totalKiB ?? 0;
  const all = { ...room, totalKiB: total, usedKiB: total * 0.3 };
  const losses = lossesOf(rows, crushDump.rules, all, undefined, pools);
  expect(losses.map(({ type }) => type)).toEqual(["region", "datacenter", "host"]);
  expect(losses[0]).toMatchObject({ name: "uk", lostKiB: 4 * 1_048_576, outcome: "nearlyFull" });
  expect(losses[1]).toMatchObject({ isFailureDomain: true, outcome: "fits", daysUntilFull: null });
  const [fuller] = lossesOf(rows, [], { ...all, usedKiB: total * 0.6 }, undefined, []);
  expect(fuller).toMatchObject({ outcome: "full", isFailureDomain: false, lostPools: [] });
});

const [metadata] = osdMetadata;
const mapped = { ...metadata, id: 0, bluestore_bdev_partition_path: "/dev/dm-3" };

test("an OSD counts as encrypted only where its key is kept and its devices are mapped", () => {
  expect(restOf(false, metadata).state).toBe("plain");
  expect(restOf(true, metadata)).toMatchObject({ state: "unknown" });
  expect(restOf(true, mapped).state).toBe("keyKept");
  const log = { ...mapped, bluefs_dedicated_wal: "1", bluefs_wal_partition_path: "/dev/nvme0n1" };
  expect(restOf(true, log)).toMatchObject({ state: "unknown", why: /its log is on no mapped/ });
  expect(restOf(undefined, mapped).state).toBe("unknown");
  expect(restOf(true, undefined).state).toBe("unknown");
  expect(restOf(true, { id: 0, osd_objectstore: "memstore" }).state).toBe("memory");
  expect(restOf(true, { id: 0, osd_objectstore: "filestore" }).state).toBe("unknown");
  const id = "00000000-0000-4000-8000-000000000000";
  expect([...keptKeys([`dm-crypt/osd/${id}/luks`, "dm-crypt/osd/x/luks", "mgr/a"])]).toEqual([id]);
});

const settings = (recordedOnes: { name: string; value: string }[]) =>
  new Map(recordedOnes.map(({ name, value }) => [name, value]));
const required = settings(recorded.configShowOsd);
const v2 = [{ addrvec: [{ type: "v2" }] }];

test("a daemon requires encryption only where every way it allows is secure", () => {
  const osd = { name: "osd.0", kind: "osd", host: "a", addresses: v2 } as const;
  expect(flightOf({ ...osd, settings: required }).state).toBe("required");
  const mon = { ...osd, name: "mon.a", kind: "mon" } as const;
  expect(flightOf({ ...mon, settings: settings(recorded.configShowMon) }).state).toBe("required");
  expect(flightOf({ ...osd, settings: undefined }).state).toBe("unknown");
  for (const name of ["ms_cluster_mode", "ms_service_mode", "ms_client_mode"]) {
    const both = new Map(required).set(name, "secure crc");
    expect(flightOf({ ...osd, settings: both })).toMatchObject({ state: "optional" });
    const default_ = new Map(required);
    default_.delete(name);
    expect(flightOf({ ...osd, settings: default_ })).toMatchObject({ state: "optional" });
  }
  const old = [{ addrvec: [{ type: "v2" }, { type: "v1" }] }];
  expect(flightOf({ ...osd, addresses: old, settings: required }).state).toBe("offered");
});

test("an object gateway with plain HTTP is found, also beside TLS", () => {
  const of = (frontend?: string) => gatewayFlight({ name: "rgw.a", host: "a", frontend }).state;
  expect(of("beast ssl_endpoint=0.0.0.0:443 ssl_certificate=/x")).toBe("required");
  expect(of("beast port=80 ssl_port=443")).toBe("offered");
  expect(of("beast endpoint=127.0.0.1:80")).toBe("offered");
  expect(of("something")).toBe("unknown");
  expect(of()).toBe("unknown");
});

test("what is not encrypted or not known is counted and said, and open connections never are known", () => {
  const speaker = { kind: "osd", host: "a", addresses: v2 } as const;
  const daemons = daemonsOf({
    speakers: [
      { ...speaker, name: "osd.0", settings: required },
      { ...speaker, name: "osd.1", settings: required },
      { ...speaker, name: "osd.2", settings: undefined },
    ],
    gateways: [{ name: "rgw.a", host: "a", frontend: "beast port=80" }],
    metadata: new Map<number, OsdMetadata>([
      [0, mapped],
      [1, { ...metadata, id: 1 }],
    ]),
    kept: (osd) => osd === 0,
  });
  expect(daemons.filter(isTroubled).map(({ name }) => name)).toEqual(["osd.1", "osd.2", "rgw.a"]);
  const judged = judgeAll(daemons);
  expect(judged.rest).toEqual({ keyKept: 1, plain: 1, memory: 0, unknown: 1 });
  expect(judged.flight).toEqual({ required: 2, optional: 0, offered: 1, unknown: 1 });
  expect(judged.sessions.state).toBe("unknown");
  expect(judged.findings.length).toBe(5);
});
