import { expect, test } from "vitest";
import type { DataPath } from "../../agent/audit/trace/answers.ts";
import type { Network, TenantFacts } from "../../agent/audit/trace/facts.ts";
import { dataPaths, verdictOf } from "../../agent/audit/trace/paths.ts";

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
  const known = dataPaths(tenant, facts(), { targets: [] }).filter(({ kind }) => kind !== "key");
  expect(verdictOf(tenant, known)).toEqual({ shown: true, verdict: "All paths: UK-only" });
});

test("what is not connected is unknown, and then nothing is said to be shown", () => {
  const paths = dataPaths(tenant, facts(), { targets: [] });
  expect(find(paths, "key")).toMatchObject([{ state: "unknown", jurisdiction: "" }]);
  expect(verdictOf(tenant, paths)).toMatchObject({ shown: false });
  expect(verdictOf(tenant, paths).verdict).toMatch(/Not shown: 1 path of 4 is unknown/);
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
