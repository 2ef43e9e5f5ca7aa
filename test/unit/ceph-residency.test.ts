/** That no way out of a jurisdiction is called proven, on a recorded cluster. */
import { createHash } from "node:crypto";
import { expect, test } from "vitest";
import { canonical } from "../../agent/audit/canonical.ts";
import { demandsOf } from "../../agent/ceph/residency/map/document.ts";
import { type Evidence, prove } from "../../agent/ceph/residency/prove.ts";
import type { Verdict } from "../../agent/ceph/residency/verdict.ts";
import {
  type Base,
  baseCluster,
  bucketOf,
  evidenceOf,
  heldBy,
  pgOf,
  poolOf,
  ruleOf,
} from "../lib/ceph-base.ts";
import { leaks } from "../lib/ceph-leaks.ts";

function proved(base: Base): Verdict {
  return prove(evidenceOf(base), base.map, demandsOf(base.map));
}

function verdictOf(base: Base, name: string) {
  const found = proved(base).pools.find(({ pool }) => pool === name);
  if (found === undefined) throw new Error(`nothing is said of ${name}`);
  return found;
}

test("the recorded cluster is proven, with what was looked at", () => {
  const verdict = proved(baseCluster());
  expect(verdict.pools.map(({ findings }) => findings)).toEqual([[], [], [], []]);
  expect(verdict).toMatchObject({
    verdict: "proven",
    epoch: 63,
    counts: { pools: 7, proven: 4, osds: 8, buckets: 32, pgs: 45 },
    undemanded: ["cephfs.fs.meta", "cephfs.fs.data", "device_health_metrics"],
  });
  expect(verdict.pools[0]?.counts).toEqual({ possible: 4, having: 4, pgs: 8 });
  expect(verdict.pools[3]?.counts).toEqual({ possible: 2, having: 2, pgs: 4 });
});

test("there are enough ways out", () => {
  expect(leaks.length).toBeGreaterThanOrEqual(40);
  expect(new Set(leaks.map(({ name }) => name)).size).toBe(leaks.length);
});

test.each(leaks)("$name: not proven", ({ leave, pool = "tenants-uk", verdict }) => {
  const base = baseCluster();
  leave(base);
  const found = verdictOf(base, pool);
  expect(found.verdict, JSON.stringify(found.findings)).toBe(verdict);
  expect(found.findings[0]?.sentence).toMatch(/^.{10,}\.$/);
  expect(found.total).toBe(Object.values(found.totals).reduce((sum, count) => sum + count, 0));
});

const harmless: [string, (base: Base) => void][] = [
  [
    "an OSD of the UK goes out",
    (base) => Object.assign(base.osdmap.osds[0] ?? {}, { in: 0, weight: 0 }),
  ],
  ["a bucket has no weight", (base) => Object.assign(bucketOf(base, "london"), { weight: 0 })],
  [
    "weights are chosen for one pool",
    (base) =>
      Object.assign(base.crush, { choose_args: { 4: [{ bucket_id: -5, ids: [-25, -11] }] } }),
  ],
  [
    "stretch mode is on",
    (base) =>
      Object.assign(base.osdmap, {
        stretch_mode: { stretch_mode_enabled: true, stretch_bucket_count: 2 },
      }),
  ],
  [
    "a rule tries more often",
    (base) =>
      ruleOf(base, "uk-region").steps.unshift(
        { op: "set_choose_tries", num: 100 },
        { opcode: 13, arg1: 1, arg2: 0 },
      ),
  ],
  [
    "a group is scrubbed",
    (base) => Object.assign(pgOf(base, "4.0"), { state: "active+clean+scrubbing+deep" }),
  ],
  [
    "another pool's group is exchanged by hand",
    (base) => base.osdmap.pg_upmap_items.push({ pgid: "2.1", mappings: [{ from: 0, to: 3 }] }),
  ],
  ["an OSD elsewhere has another pool's stray", (base) => heldBy(base, 3).pgs.push("2.1")],
  [
    "an OSD elsewhere was destroyed",
    (base) => {
      Object.assign(base.osdmap.osds[3] ?? {}, { up: 0, in: 0, state: ["destroyed", "exists"] });
      base.holdings = base.holdings.filter(({ osd }) => osd !== 3);
    },
  ],
  [
    "images are mirrored within the UK",
    (base) => {
      base.map.peers.push({ kind: "rbd", name: "leeds", jurisdiction: "UK" });
      Object.assign(base.exits.rbd.find(({ pool }) => pool === "tenants-uk") ?? {}, {
        mode: "image",
        peers: ["leeds"],
      });
    },
  ],
  [
    "a zone elsewhere gets objects, and the pool is for images",
    (base) => base.exits.rgw.peers.push("dubai"),
  ],
  [
    "a region of nobody is renamed",
    (base) => {
      base.map.buckets = base.map.buckets.filter(({ name }) => name !== "eu");
      bucketOf(base, "eu").name = "europe";
    },
  ],
  [
    "a tier is in the same region",
    (base) => Object.assign(poolOf(base, "tenants-uk"), { tiers: [7] }),
  ],
];

test.each(harmless)("%s: still proven", (_name, change) => {
  const base = baseCluster();
  change(base);
  const found = verdictOf(base, "tenants-uk");
  expect(found.findings).toEqual([]);
  expect(found.verdict).toBe("proven");
});

test("several jurisdictions may be allowed, and a bucket may be mapped below another", () => {
  const base = baseCluster();
  base.map.buckets.push({ id: -4, name: "london", jurisdiction: "UK" });
  poolOf(base, "tenants-uk").crush_rule = 0;
  base.map.pools = [{ id: 4, name: "tenants-uk", allowed: ["AE", "UK", "EU"] }];
  expect(proved(base).verdict).toBe("proven");
  base.map.pools = [{ id: 4, name: "tenants-uk", allowed: ["EU", "UK"] }];
  expect(proved(base).verdict).toBe("violated");
});

test("a finding names rule, step, OSD and the way to it", () => {
  const base = baseCluster();
  base.crush.rules[1]?.steps.splice(0, 1, { op: "take", item: -1, item_name: "default" });
  const found = verdictOf(base, "tenants-uk");
  expect(found.findings.find(({ osd }) => osd === 3)).toEqual({
    effect: "violates",
    mechanism: "rule",
    sentence: "Rule uk-region could choose osd.3, which is in AE.",
    osd: 3,
    rule: "uk-region",
    step: 2,
    path: ["default", "ae", "dubai", "dxb-01", "osd.3"],
  });
  expect(found.parts).toEqual({ rule: "violated", copies: "proven", exits: "proven" });
});

test("a pool of volumes that nobody signed for is judged by what it was made for, and not proven", () => {
  const base = baseCluster();
  poolOf(base, "device_health_metrics").pool_name = "dsecos.uk.hosts-2.file";
  const found = verdictOf(base, "dsecos.uk.hosts-2.file");
  expect(found).toMatchObject({ verdict: "violated", allowed: ["UK"] });
  expect(found.findings.map(({ sentence }) => sentence)).toContain(
    "Nobody signed where dsecos.uk.hosts-2.file may be; it is judged by UK, which it was made for. Have a map signed that names it.",
  );
  base.map.pools = [];
  poolOf(base, "tenants-uk").pool_name = "dsecos.uk.sites-2.block";
  base.exits.rbd.push({ pool: "dsecos.uk.sites-2.block", mode: "disabled", peers: [] });
  const { verdict, parts } = verdictOf(base, "dsecos.uk.sites-2.block");
  expect({ verdict, ...parts }).toMatchObject({ verdict: "unknown", copies: "proven" });
  expect(parts.exits).toBe("proven");
});

test("nothing is proven where nothing is demanded", () => {
  const base = baseCluster();
  expect(prove(evidenceOf(base), base.map, []).verdict).toBe("unknown");
});

const hashed = (text: string) => createHash("sha256").update(text).digest("hex");

test("texts are named by what Ceph printed, with or without the empty lines around it", () => {
  const base = baseCluster();
  const { osdmap, crush, pgs, holdings } = evidenceOf(base);
  const named = (evidence: Evidence) => prove(evidence, base.map, demandsOf(base.map)).inputs;
  const given = { osdmap, crush, pgs, holdings };
  expect(named(given)).toMatchObject({
    osdmap: hashed(JSON.stringify(base.osdmap)),
    crush: hashed(JSON.stringify(base.crush)),
    pgs: hashed(JSON.stringify(base.pgs)),
    holdings: hashed(JSON.stringify(base.holdings)),
    exits: null,
  });
  const printed = Buffer.from(`\n${JSON.stringify(base.osdmap)}\r\n `);
  expect(named({ ...given, osdmap: printed })).toEqual(named(given));
  base.osdmap.epoch = 64;
  expect(named(evidenceOf(base)).osdmap).not.toBe(named(given).osdmap);
});

test("what the agent puts together is named by its canonical form, whatever the order", () => {
  const base = baseCluster();
  const { rbd, cephfs, rgw } = base.exits;
  const named = (exits: unknown) => {
    return prove({ ...evidenceOf(base), exits }, base.map, demandsOf(base.map)).inputs.exits;
  };
  expect(named({ rgw, rbd, cephfs })).toBe(hashed(canonical(base.exits)));
});
