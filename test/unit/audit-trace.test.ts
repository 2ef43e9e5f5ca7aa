import { expect, test } from "vitest";
import type { DataPath } from "../../agent/audit/trace/answers.ts";
import type { Network, TenantFacts } from "../../agent/audit/trace/facts.ts";
import { keptPaths } from "../../agent/audit/trace/kept.ts";
import { dataPaths, verdictOf } from "../../agent/audit/trace/paths.ts";
import type { Residency } from "../../agent/ceph/residency/answers.ts";
import type { Finding, PoolVerdict } from "../../agent/ceph/residency/verdict.ts";

const tenant = { name: "mod-defense", jurisdiction: "UK" };

const bridge = (config: Record<string, string>): Network => ({
  name: "br0",
  type: "bridge",
  managed: true,
  config,
});

function facts(change: Partial<TenantFacts> = {}): TenantFacts {
  const devices = {
    root: { type: "disk", path: "/", pool: "default" },
    eth0: { type: "nic", network: "br0" },
  };
  return {
    clustered: false,
    nodes: new Map([["node1", "UK"]]),
    apiAddress: "",
    pools: [{ name: "default", driver: "btrfs", config: { source: "/dev/sdb" } }],
    networks: [bridge({ "ipv4.address": "none", "ipv6.address": "none" })],
    instances: [{ name: "web", location: "none", expanded_devices: devices, backups: null }],
    volumes: [],
    images: [],
    ...change,
  };
}

const find = (paths: DataPath[], kind: DataPath["kind"]) => paths.filter((p) => p.kind === kind);

test("says UK-only when every path is known and ends in the UK", () => {
  const known = dataPaths(tenant, facts(), { targets: [] });
  expect(verdictOf(tenant, known)).toEqual({ shown: true, verdict: "All paths: UK-only" });
});

const verdictOn = (change: Partial<PoolVerdict> = {}): Residency => ({
  ...{ state: "proved", at: "2026-11-22T12:00:00.000Z", error: "", map: 3 },
  verdict: {
    ...{
      verdict: "proven",
      cluster: "",
      epoch: 63,
      undemanded: [],
      notJudged: [],
      milliseconds: 1,
    },
    inputs: {
      osdmap: "",
      crush: "",
      pgs: null,
      holdings: null,
      counts: null,
      exits: null,
      map: "",
    },
    counts: { pools: 1, proven: 1, violated: 0, unknown: 0, osds: 8, buckets: 9, pgs: 8 },
    pools: [
      {
        ...{ pool: "block", id: 3, allowed: ["UK"], verdict: "proven", findings: [], totals: {} },
        parts: { rule: "proven", copies: "proven", exits: "proven" },
        ...{ counts: { possible: 4, having: 4, pgs: 8 }, total: 0 },
        ...change,
      },
    ],
  },
});

const finding = (sentence: string, more: Partial<Finding> = {}): Finding => ({
  ...{ effect: "violates", mechanism: "rule", sentence, ...more },
});

function traced(residency: Residency, pool = "block") {
  const tokens = [{ driver: "luna", label: "mod-defense", region: "UK" }];
  const kept = { volumes: [{ name: "archive", pool }], residency, tokens };
  return verdictOf(tenant, [
    ...dataPaths(tenant, facts(), { targets: [] }),
    ...keptPaths(tenant.name, kept),
  ]).verdict;
}

test("volumes in proven pools and keys in the UK are UK-only, and other volumes are named", () => {
  expect(traced(verdictOn())).toBe("All paths: UK-only");
  expect(traced(verdictOn(), "")).toBe("All paths: UK-only");
  const rule = finding("Rule all could choose osd.3, which is in AE.", { osd: 3, rule: "all" });
  expect(traced(verdictOn({ verdict: "violated", findings: [rule] }))).toBe(
    "1 path outside UK, none of them taken now; for example pool block on osd.3 by rule all (AE).",
  );
  const zone = finding("Data of block are copied to zone dubai, in AE.", { mechanism: "rgw" });
  expect(traced(verdictOn({ verdict: "violated", findings: [zone] }))).toBe(
    "1 path outside UK, 1 of them taken now; for example pool block and out of it (rgw) (AE).",
  );
  const stray = finding("It is not known.", { effect: "unknown", mechanism: "held" });
  expect(traced(verdictOn({ verdict: "unknown", findings: [stray] }))).toMatch(
    /^Not shown: 1 path/,
  );
  expect(traced(verdictOn(), "other")).toMatch(/^Not shown: 1 path/);
  expect(traced(verdictOn({ allowed: ["AE", "UK"] }))).toMatch(
    /^1 path outside UK, 1 of them taken/,
  );
  expect(traced({ ...verdictOn(), state: "failed", error: "No map.", verdict: null })).toMatch(
    /^Not shown/,
  );
});

test("a node elsewhere is a path outside, even before anything runs there", () => {
  const nodes = new Map([
    ["node1", "UK"],
    ["node2", "DE"],
  ]);
  const instances = facts().instances.map((instance) => ({ ...instance, location: "node1" }));
  const paths = dataPaths(tenant, facts({ clustered: true, nodes, instances }), { targets: [] });
  expect(find(paths, "placement")).toMatchObject([
    { to: "node node1", jurisdiction: "UK", state: "taken" },
    { to: "node node2", jurisdiction: "DE", state: "possible" },
  ]);
  expect(verdictOf(tenant, paths).verdict).toMatch(/2 paths outside UK, none of them taken now/);
});

test("a node whose place nobody declared is unknown", () => {
  const paths = dataPaths(tenant, facts({ nodes: new Map([["node1", ""]]) }), { targets: [] });
  expect(verdictOf(tenant, paths.slice(0, 1)).shown).toBe(false);
});

test.each([
  ["address translation", { "ipv4.address": "10.0.0.1/24", "ipv4.nat": "true" }],
  ["routing", { "ipv4.address": "10.0.0.1/24", "ipv6.address": "none" }],
  [
    "another interface",
    { "ipv4.address": "none", "ipv6.address": "none", "bridge.external_interfaces": "eth1" },
  ],
  ["a tunnel", { "ipv4.address": "none", "ipv6.address": "none", "tunnel.far.protocol": "vxlan" }],
])("a network with %s leads somewhere that is not known", (_what, config) => {
  const paths = dataPaths(tenant, facts({ networks: [bridge(config)] }), { targets: [] });
  expect(find(paths, "network")).toMatchObject([{ state: "possible", jurisdiction: "" }]);
});

test("a network that Incus does not manage is not known", () => {
  const paths = dataPaths(tenant, facts({ networks: [] }), { targets: [] });
  expect(find(paths, "network")).toMatchObject([{ jurisdiction: "" }]);
});

test("mirrors, the API on the network, host paths, proxies, backups and copies of the record are paths", () => {
  const paths = dataPaths(
    tenant,
    facts({
      apiAddress: "192.0.2.1:8443",
      images: [
        {
          fingerprint: "0123456789abcdef",
          auto_update: true,
          update_source: { server: "https://images.example" },
        },
        { fingerprint: "fedcba9876543210", auto_update: false },
      ],
      instances: [
        {
          name: "web",
          location: "none",
          backups: [{}, {}],
          expanded_devices: {
            root: { type: "disk", path: "/", pool: "default" },
            share: { type: "disk", path: "/srv", source: "/srv/share" },
            door: { type: "proxy", listen: "tcp:0.0.0.0:80", connect: "tcp:198.51.100.1:80" },
          },
        },
      ],
    }),
    { targets: [{ name: "Elasticsearch", address: "https://es.example" }] },
  );
  expect(find(paths, "mirror")).toMatchObject([{ from: "https://images.example" }]);
  expect(find(paths, "exchange")).toHaveLength(1);
  expect(find(paths, "device").map(({ to }) => to)).toEqual([
    "/srv/share on node1",
    "tcp:198.51.100.1:80",
  ]);
  expect(find(paths, "export")).toMatchObject([{ evidence: expect.stringContaining("2 backups") }]);
  expect(find(paths, "record")).toHaveLength(1);
  expect(verdictOf(tenant, paths).shown).toBe(false);
});

test("a pool on other machines is unknown until they are connected", () => {
  const pools = [{ name: "default", driver: "ceph", config: {} }];
  const paths = dataPaths(tenant, facts({ pools }), { targets: [] });
  expect(find(paths, "storage")).toMatchObject([{ state: "unknown" }]);
});
