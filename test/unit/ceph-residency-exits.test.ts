/** Networks, clients, zones and counted groups, as a proof takes them. */
import { expect, test } from "vitest";
import { DsecosError } from "../../agent/bus/errors.ts";
import { readClients } from "../../agent/ceph/residency/exits/clients.ts";
import { peersOf, readZones } from "../../agent/ceph/residency/exits/rgw.ts";
import { demandsOf } from "../../agent/ceph/residency/map/document.ts";
import { jurisdictionAt, parseNetwork } from "../../agent/ceph/residency/map/networks.ts";
import { prove } from "../../agent/ceph/residency/prove.ts";
import { type Base, baseCluster, evidenceOf } from "../lib/ceph-base.ts";

const networks = [
  { cidr: "10.0.0.0/8", jurisdiction: "UK" },
  { cidr: "10.3.0.0/16", jurisdiction: "AE" },
  { cidr: "10.3.7.0/24", jurisdiction: "EU" },
  { cidr: "2001:db8::/32", jurisdiction: "EU" },
  { cidr: "2001:db8:5::/48", jurisdiction: "UK" },
];

test.each([
  ["10.1.2.3", "UK"],
  ["10.3.2.1", "AE"],
  ["10.3.7.255", "EU"],
  ["::ffff:10.3.2.1", "AE"],
  ["11.0.0.1", undefined],
  ["2001:db8::1", "EU"],
  ["2001:DB8:5:0:0:0:0:1", "UK"],
  ["2001:db9::", undefined],
  ["::1", undefined],
  ["host", undefined],
  ["1::2::3", undefined],
])("%s is in %s", (address, jurisdiction) => {
  expect(jurisdictionAt(networks, address)).toBe(jurisdiction);
});

test.each(["10.0.0.1/8", "10.0.0.0", "10.0.0.0/33", "10.0.0/8", "10.0.0.0/08", "::1/64", "x/8"])(
  "%s is no network",
  (cidr) => expect(parseNetwork(cidr)).toBeUndefined(),
);

function verdictOf(base: Base, pool = "tenants-uk") {
  const found = prove(evidenceOf(base), base.map, demandsOf(base.map));
  return found.pools.find((each) => each.pool === pool);
}

test.each([
  ["10.1.2.3", "allow *", ""],
  ["10.3.0.9", "allow rw pool=tenants-ae", ""],
  ["10.3.0.9", "profile rbd pool='tenants-ae' namespace=one; allow r pool tenants-ae", ""],
  ["10.3.0.9", "allow rw tag cephfs data=fs, allow rw tag rgw *=*", "allow r path=/x"],
  ["10.3.0.9", "", ""],
])("a client at %s with %s takes nothing out", (address, osd, mds) => {
  const base = baseCluster();
  base.map.networks = networks;
  base.exits.clients = [{ entity: "client.somebody", address, osd, mds }];
  expect(verdictOf(base)?.findings).toEqual([]);
});

/** As `ceph pg dump osds -f json` begins for each. */
function countsOf(base: Base, change: Record<number, { num_pgs?: number; up_from?: number }> = {}) {
  const stats = base.osdmap.osds.map(({ osd, up_from }) => {
    const num_pgs = base.pgs.pg_stats.filter(({ acting }) => acting.includes(osd)).length;
    return { osd, up_from, seq: 4711, num_pgs, num_osds: 1, ...change[osd] };
  });
  return Buffer.from(JSON.stringify({ pg_ready: true, osd_stats: stats }));
}

function counted(change?: Parameters<typeof countsOf>[1], edit: (base: Base) => void = () => {}) {
  const base = baseCluster();
  edit(base);
  const { holdings: _unasked, ...rest } = evidenceOf(base);
  const evidence = { ...rest, counts: countsOf(base, change) };
  const [pool] = prove(evidence, base.map, demandsOf(base.map)).pools;
  return pool?.findings.map(({ sentence }) => sentence).join("\n");
}

test("OSDs elsewhere that have what is listed and no more need not be asked", () => {
  expect(counted()).toBe("");
});

test.each([
  [{ num_pgs: 60 }, /osd\.3 \(up and in\) is in AE, and has 60 placement groups, of which \d+ are/],
  [{ up_from: 1 }, /osd\.3 \(up and in\) is in AE, and what it holds is not known/],
  [{ up_from: 0, num_pgs: 0 }, /what it holds is not known/],
])("one that says %j is not known to be empty", (said, why) => {
  expect(counted({ 3: said })).toMatch(why);
});

test("a group that is only coming does not stand for one that is there", () => {
  const waits = (base: Base) => {
    for (const pg of base.pgs.pg_stats) if (pg.acting.includes(3)) pg.state = "peering";
  };
  expect(counted(undefined, waits)).toMatch(/osd\.3 .* of which 0 are known/);
});

const zone = (name: string, tier_type = "") => ({ id: `id of ${name}`, name, tier_type });
const group = (zones: ReturnType<typeof zone>[], keys: string[] = []) => ({
  ...{ name: "uk", zones },
  placement_targets: [{ name: "default", tier_targets: keys.map((key) => ({ key })) }],
});

test.each([
  ["a zone alone copies to nobody", [group([zone("london")])], []],
  ["the same zone in a period is no other", [group([zone("a")]), group([zone("a")])], []],
  ["zones copy among one another", [group([zone("b"), zone("a")])], ["a", "b"]],
  ["zones of other groups count", [group([zone("a")]), group([zone("b")])], ["a", "b"]],
  ["a zone hands objects to a store", [group([zone("a", "cloud")])], ["a"]],
  ["objects go to a store by their age", [group([zone("a")], ["COLD"])], ["uk/default/COLD"]],
])("%s", (_what, groups, peers) => {
  expect(peersOf(groups)).toEqual(peers);
});

test("a cluster without gateways has no zones, and one that cannot be asked is not known", async () => {
  const says = (code: "NotFound" | "Denied") => ({
    json: () => Promise.reject(new DsecosError(code, "No.")),
  });
  expect(await readZones(says("NotFound"))).toEqual({ peers: [] });
  await expect(readZones(says("Denied"))).rejects.toThrow("No.");
});

test("clients are told once, without daemons, ports and the agent itself", async () => {
  const session = (entity_name: string, addr: string, con_type = "client") => ({
    ...{ entity_name, con_type, socket_addr: { type: "any", addr } },
    addrs: { addrvec: [{ type: "any", addr }] },
  });
  const sessions = [
    session("client.a", "10.0.0.1:0"),
    session("client.a", "10.0.0.1:4711"),
    session("client.a", "[2001:db8::1]:0"),
    session("client.dsecos", "10.0.0.2:0"),
    session("mgr.x", "10.0.0.3:0"),
    session("osd.0", "10.0.0.4:6800", "osd"),
  ];
  const link = {
    async mon(prefix: string) {
      if (prefix === "quorum_status") return { quorum_names: ["a", "b"] };
      const caps = { mon: "allow r", osd: "allow rw pool=x" };
      return { auth_dump: [{ entity: "client.a", caps }] };
    },
    text: async () => Buffer.from(JSON.stringify(sessions)),
  };
  expect(await readClients(link, "client.dsecos")).toEqual([
    { entity: "client.a", address: "10.0.0.1", osd: "allow rw pool=x", mds: "" },
    { entity: "client.a", address: "2001:db8::1", osd: "allow rw pool=x", mds: "" },
  ]);
});
