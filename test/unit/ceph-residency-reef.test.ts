/**
 * Residency of a cluster of Ceph 18.2.7, whose map has members that 16.2 does not know of: what
 * `ceph osd dump`, `ceph osd crush dump` and `ceph pg dump pgs_brief` (-f json) told of a development
 * cluster (packaging/ceph/cluster.js), the first after `ceph osd pg-upmap-items 3.2 0 5`.
 */
import { expect, test } from "vitest";
import { demandsOf, type JurisdictionMap } from "../../agent/ceph/residency/map/document.ts";
import { prove } from "../../agent/ceph/residency/prove.ts";
import crush from "../fixtures/ceph/crush-18.2.7.json" with { type: "json" };
import osdmap from "../fixtures/ceph/osdmap-18.2.7.json" with { type: "json" };
import pgs from "../fixtures/ceph/pgs-18.2.7.json" with { type: "json" };

const map: JurisdictionMap = {
  ...{ format: "dsecos-ceph-jurisdictions-1", cluster: osdmap.fsid, serial: 1 },
  ...{ at: "2026-11-22T22:00:00.000Z", peers: [] },
  buckets: [
    { id: -5, name: "uk", jurisdiction: "UK" },
    { id: -15, name: "eu", jurisdiction: "EU" },
    { id: -21, name: "ae", jurisdiction: "AE" },
  ],
  pools: [{ id: 3, name: "block", allowed: ["UK"] }],
};

function proved(more: Record<string, unknown> = {}) {
  const text = (value: unknown) => Buffer.from(JSON.stringify(value));
  const holdings = osdmap.osds.map(({ osd }) => ({
    osd,
    pgs: pgs.pg_stats.filter(({ acting }) => acting.includes(osd)).map(({ pgid }) => pgid),
  }));
  const pools = osdmap.pools.map(({ pool_name: pool }) => ({ pool, mode: "disabled", peers: [] }));
  const evidence = {
    ...{ osdmap: text({ ...osdmap, ...more }), crush: text(crush), pgs: text(pgs) },
    holdings: text(holdings),
    exits: {
      ...{ rbd: pools, rgw: { peers: [] } },
      cephfs: [{ fileSystem: "fs", pools: [1, 2], peers: [] }],
    },
  };
  const { pools: verdicts } = prove(evidence, map, demandsOf(map));
  return verdicts.map(({ verdict, findings }) => ({
    verdict,
    told: findings.map(({ sentence }) => sentence).join(" "),
  }));
}

test("a group that was given another OSD of the UK is proven to be there", () => {
  expect(osdmap.pg_upmap_items).toEqual([{ pgid: "3.2", mappings: [{ from: 0, to: 5 }] }]);
  expect(proved()).toEqual([{ verdict: "proven", told: "" }]);
});

test("one that is given an OSD or a primary elsewhere is not", () => {
  const items = [{ pgid: "3.2", mappings: [{ from: 0, to: 3 }] }];
  expect(proved({ pg_upmap_items: items })).toEqual([
    { verdict: "violated", told: expect.stringContaining("3.2 is given osd.3 by upmapItems") },
  ]);
  // As 18.2.7 told it after `ceph osd pg-upmap-primary 3.3 5`, which is in the UK.
  expect(proved({ pg_upmap_primaries: [{ pgid: "3.3", primary_osd: 5 }] })[0]?.verdict).toBe(
    "proven",
  );
  expect(proved({ pg_upmap_primaries: [{ pgid: "3.3", primary_osd: 2 }] })).toEqual([
    { verdict: "violated", told: expect.stringContaining("3.3 is given osd.2 by upmapPrimary") },
  ]);
});

test("what a later release adds to the map, and nobody read yet, makes nothing proven", () => {
  expect(proved({ pg_upmap_elsewhere: [] })[0]?.verdict).not.toBe("proven");
});
