/** Where hosts stand by the signed map, and what is said of what flows: nothing unproven is good. */
import { beforeAll, describe, expect, test, vi } from "vitest";
import type { PoolDetail } from "../../agent/ceph/pools/answers.ts";
import type { Finding, PoolVerdict } from "../../agent/ceph/residency/verdict.ts";
import type { ClusterNode } from "../../agent/cluster/answers.ts";
import type { DriverRow } from "../../agent/hsm/drivers/answers.ts";
import type { SignedMap, Told } from "../../plugins/overview/sites/view.ts";

let view: typeof import("../../plugins/overview/sites/view.ts");
let flows: typeof import("../../plugins/overview/sites/flows.ts");

beforeAll(async () => {
  vi.stubGlobal("cockpit", {
    gettext: (text: string) => text,
    ngettext: (one: string, many: string, count: number) => (count === 1 ? one : many),
    language: "en",
  });
  view = await import("../../plugins/overview/sites/view.ts");
  flows = await import("../../plugins/overview/sites/flows.ts");
});

const bucket = (id: number, name: string, jurisdiction: string) => ({ id, name, jurisdiction });
const map = (change: Partial<SignedMap> = {}): SignedMap => ({
  ...{ format: "dsecos-ceph-jurisdictions-1", serial: 1, at: "2026-11-23T00:00:00.000Z" },
  cluster: "6d0c1a1e-0b0e-4f6e-9d0a-5f4bb1d5a001",
  buckets: [bucket(-2, "uk", "UK"), bucket(-3, "ae", "AE")],
  ...{ peers: [], pools: [] },
  ...change,
});

type Tree = NonNullable<Told["tree"]>;
type Row = Tree["rows"][number];
const sums = (osds: number) => ({ osds, up: osds }) as Row["sums"];
const row = (path: string, id: number, type: string, site = ""): Row => ({
  ...{ path, id, type, site, sums: sums(type === "host" ? 2 : 0) },
  name: path.split("/").at(-1) ?? "",
});
const treeOf = (...rows: Row[]): Tree => ({
  whole: true,
  rows: [row("default", -1, "root"), ...rows],
  osds: 2 * new Set(rows.filter(({ type }) => type === "host").map(({ name }) => name)).size,
});
const uk = [row("default/uk", -2, "region"), row("default/uk/london", -4, "datacenter", "london")];
const ae = [row("default/ae", -3, "region")];
const lon = row("default/uk/london/lon-01", -5, "host", "london");
const dxb = row("default/ae/dxb-01", -6, "host");
const node = (name: string) => ({ name, verdict: "good" }) as ClusterNode;

const drawn = (told: Partial<Told>) => {
  const all = { map: map(), tree: treeOf(...uk, ...ae, lon, dxb), nodes: [], drivers: [], ...told };
  const { jurisdictions, doubts } = view.siteMap(all);
  const places = jurisdictions.flatMap(({ name, sites }) =>
    sites.flatMap((site) => site.hosts.map((host) => `${name} ${site.name} ${host.name}`)),
  );
  return { jurisdictions, doubts, places };
};

describe("a host", () => {
  test("stands where all above it was signed, in its site or else in the bucket of the map", () => {
    const { places, doubts } = drawn({});
    expect(places).toEqual(["AE ae dxb-01", "UK london lon-01"]);
    expect(doubts).toEqual([]);
  });

  test("that hangs in two jurisdictions, or once in none, stands nowhere that is proven", () => {
    const again = row("default/ae/lon-01", -5, "host");
    const both = drawn({ tree: treeOf(...uk, ...ae, lon, again) });
    expect(both.places).toEqual([]);
    expect(both.doubts).toEqual([expect.stringMatching(/lon-01 .*several jurisdictions/)]);
    const bare = drawn({ tree: treeOf(...uk, ...ae, lon, row("other/lon-01", -5, "host")) });
    expect(bare.places).toEqual([]);
    expect(bare.doubts).toEqual([expect.stringMatching(/lon-01 .*no bucket above it/)]);
  });

  test("below a bucket inside another jurisdiction is not proven to be in either", () => {
    const inner = map({ buckets: [bucket(-2, "uk", "UK"), bucket(-4, "london", "AE")] });
    const { places, doubts } = drawn({ map: inner, tree: treeOf(...uk, lon) });
    expect(places).toEqual([]);
    expect(doubts).toEqual([expect.stringMatching(/several jurisdictions/)]);
  });

  test.each([
    ["renamed", row("default/uk", -20, "region")],
    ["exchanged", row("default/elsewhere", -2, "region")],
  ])("below a bucket that was %s since it was signed is in doubt", (_how, other) => {
    const host = row(`${other.path}/lon-01`, -5, "host");
    const { places, doubts } = drawn({ tree: treeOf(other, ...ae, host, dxb) });
    expect(places).toEqual(["AE ae dxb-01"]);
    expect(doubts).toEqual([
      expect.stringMatching(/uk is another one in Ceph/),
      expect.stringMatching(/lon-01 .*not the one that was signed/),
    ]);
  });

  test("is a node of the cluster by its name, and a node without a host is told to be nowhere", () => {
    const { jurisdictions, doubts } = drawn({ nodes: [node("lon-01"), node("node9")] });
    const london = jurisdictions.find(({ name }) => name === "UK")?.sites[0];
    expect(london?.hosts).toMatchObject([{ name: "lon-01", node: { verdict: "good" } }]);
    expect(doubts).toEqual([
      expect.stringMatching(/map does not say where they stand.*: node9\.$/),
    ]);
  });
});

test("what Ceph does not have, and OSDs in no host, are told", () => {
  const { rows } = treeOf(...uk, lon);
  const tree = { rows, osds: 5, whole: true };
  const { doubts } = drawn({ tree });
  expect(doubts).toEqual([
    expect.stringMatching(/no bucket ae/),
    expect.stringMatching(/^3 OSDs hang in no host/),
  ]);
  // What was not read may be there.
  expect(drawn({ tree: { ...tree, whole: false }, nodes: [node("node9")] }).doubts).toEqual([]);
});

test("drivers, peers and demands make a jurisdiction, where no host stands", () => {
  const peers = [{ kind: "rbd" as const, name: "leeds", jurisdiction: "UK" }];
  const pools = [{ id: 1, name: "block", allowed: ["EU"] }];
  const drivers = [{ name: "vault", region: "CH" } as DriverRow];
  const { jurisdictions } = drawn({ map: map({ peers, pools }), tree: undefined, drivers });
  expect(jurisdictions.map(({ name }) => name)).toEqual(["AE", "CH", "EU", "UK"]);
  expect(jurisdictions[1]?.drivers).toEqual(drivers);
  expect(jurisdictions[3]?.peers).toEqual(peers);
  expect(jurisdictions.every(({ sites }) => sites.length === 0)).toBe(true);
});

const pool = (name: string, change: Partial<PoolDetail> = {}) =>
  ({
    name,
    verdict: "proven",
    jurisdictions: ["UK"],
    certain: true,
    allowed: ["UK"],
    ...change,
  }) as PoolDetail;

describe("a pool's lane", () => {
  const where = ["AE", "EU", "UK"];
  const of = (change: Partial<PoolDetail>, stale = false) =>
    flows.flowsOf([pool("block", change)], where, stale)[0];

  test("goes where its rule leads, and is good only while that is proved", () => {
    expect(of({})).toMatchObject({ verdict: "good", cells: ["none", "none", "copies"], from: 2 });
    expect(of({}, true)).toMatchObject({ verdict: "unknown", proved: "never" });
    for (const verdict of ["unknown", "undemanded", "never"] as const) {
      expect(of({ verdict })?.verdict).toBe("unknown");
    }
  });

  test("says where copies must not be but could, and where that is not known", () => {
    const spread = { jurisdictions: ["AE", "UK"], verdict: "violated" as const };
    const shown = { verdict: "bad", cells: ["forbidden", "none", "copies"], from: 0, to: 2 };
    expect(of(spread)).toMatchObject(shown);
    expect(of({ certain: false })?.cells).toEqual(["unknown", "unknown", "copies"]);
    expect(of({ allowed: [] })?.cells).toEqual(["none", "none", "unsaid"]);
    const undemanded = of({ allowed: [], verdict: "undemanded" });
    expect(undemanded).toMatchObject({ verdict: "unknown", from: 2, to: 2 });
  });

  test("stands with the worst first", () => {
    const all = [pool("b"), pool("c", { verdict: "unknown" }), pool("a", { verdict: "violated" })];
    expect(flows.flowsOf(all, where, false).map((one) => one.pool)).toEqual(["a", "c", "b"]);
  });
});

describe("what leaves", () => {
  const verdict = (change: Partial<PoolVerdict>) =>
    ({
      ...{ pool: "block", findings: [] },
      parts: { rule: "proven", copies: "proven", exits: "proven" },
      ...change,
    }) as PoolVerdict;
  const sent: Finding = { effect: "violates", mechanism: "rbd", sentence: "It is mirrored." };
  const exits = (outcome: "violated" | "unknown") =>
    ({ rule: "proven", copies: "proven", exits: outcome }) as const;

  test("is what the prover found of mirrors, zones and clients, what is certain first", () => {
    const maybe: Finding = { effect: "unknown", mechanism: "rgw", sentence: "It is not known." };
    const rule: Finding = {
      effect: "violates",
      mechanism: "rule",
      sentence: "Its rule leads away.",
    };
    const pools = [
      verdict({ pool: "a", findings: [maybe], parts: exits("unknown") }),
      verdict({ pool: "b", findings: [rule, sent], parts: exits("violated") }),
    ];
    expect(flows.exitsOf({ pools })).toEqual([
      { pool: "b", verdict: "bad", sentence: sent.sentence },
      { pool: "a", verdict: "unknown", sentence: maybe.sentence },
    ]);
  });

  test("is not nothing where a pool is not proven, or nobody said where it may be", () => {
    const clean = { pools: [verdict({})], undemanded: [] };
    expect(flows.nothingLeaves(clean)).toBe(true);
    expect(flows.nothingLeaves({ ...clean, undemanded: ["other"] })).toBe(false);
    expect(flows.nothingLeaves({ ...clean, pools: [] })).toBe(false);
    const open = { pools: [verdict({ parts: exits("unknown") })], undemanded: [] };
    expect(flows.nothingLeaves(open)).toBe(false);
    expect(flows.exitsOf(open)).toMatchObject([{ verdict: "unknown" }]);
  });
});
