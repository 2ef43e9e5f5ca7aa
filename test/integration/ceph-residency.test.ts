/** Residency proved on a real cluster with four sites, and what is done behind its back. */
import { mkdtempSync, rmSync } from "node:fs";
import { join, resolve } from "node:path";
import { pathToFileURL } from "node:url";
import { build } from "esbuild";
import { afterAll, beforeAll, expect, test } from "vitest";
import { openCeph } from "../../agent/ceph/link/link.ts";
import type { Ceph } from "../../agent/ceph/link/types.ts";
import type { JurisdictionMap } from "../../agent/ceph/residency/map/document.ts";
import { ResidencyWatch, residencyAction } from "../../agent/ceph/residency/watch.ts";
import { until } from "../../packaging/setup/lib/wait.js";
import { type Cluster, noCeph, withCeph } from "../lib/ceph-cluster.ts";
import { RecordingAudit } from "../lib/recording-audit.ts";

const work = mkdtempSync("/var/tmp/dsecos-ceph-residency-");
const limit = 120_000;
const audit = new RecordingAudit();
const jurisdictions: Record<string, string> = { uk: "UK", eu: "EU", ae: "AE" };
let cluster: Cluster;
let link: Ceph;
let watch: ResidencyWatch;
let map: JurisdictionMap;

beforeAll(async () => {
  if (noCeph) return;
  const outfile = join(work, "ceph-prover.mjs");
  const entry = resolve(import.meta.dirname, "../../agent/ceph/residency/worker.ts");
  const options = { platform: "node", format: "esm", target: "node20", bundle: true } as const;
  await build({ ...options, entryPoints: [entry], outfile, logLevel: "error" });
  cluster = await withCeph();
  const { cephConfig: config } = cluster.paths;
  // OSDs tell what they hold to those alone who may do everything with them.
  const [user, keyring] = ["client.admin", join(cluster.directory, "keyring")];
  const program = resolve(import.meta.dirname, "../../agent/ceph/link/helper.py");
  link = openCeph({ config, user, keyring, program, log: () => undefined });
  await until("the link to be ready", 60, async () => link.status().state === "ready");
  map = await mapOf();
  watch = new ResidencyWatch({
    ...{ link, audit, log: () => undefined, changed: () => undefined },
    map: async () => map,
    program: pathToFileURL(outfile),
  });
}, limit);

afterAll(async () => {
  await watch?.stop();
  await link?.close();
  await cluster?.remove();
  rmSync(work, { recursive: true, force: true });
}, 60_000);

/** Regions of the cluster as it was made, and where its pool of images may be. */
async function mapOf(): Promise<JurisdictionMap> {
  const { buckets } = JSON.parse(await cluster.ceph(["osd", "crush", "dump", "-f", "json"]));
  const { pools, fsid } = JSON.parse(await cluster.ceph(["osd", "dump", "-f", "json"]));
  const { pool } = pools.find(({ pool_name }: { pool_name: string }) => pool_name === "block");
  return {
    ...{ format: "dsecos-ceph-jurisdictions-1", cluster: fsid, serial: 1, peers: [] },
    at: new Date().toISOString(),
    buckets: buckets.flatMap(({ id, name }: { id: number; name: string }) => {
      const jurisdiction = jurisdictions[name];
      return jurisdiction === undefined ? [] : [{ id, name, jurisdiction }];
    }),
    pools: [{ id: pool, name: "block", allowed: ["UK"] }],
  };
}

async function proved() {
  await watch.prove();
  const [block] = watch.last.verdict?.pools ?? [];
  if (block === undefined) throw new Error(watch.last.error);
  return block;
}

/** Mirrors of images are not known of a cluster's maps, so that all but the ways out is proven. */
const stays = { rule: "proven", copies: "proven", exits: "unknown" };

async function settles(): Promise<void> {
  let found: Awaited<ReturnType<typeof proved>> | undefined;
  try {
    await until("all copies to be where they must", 90, async () => {
      found = await proved();
      return found.parts.rule === "proven" && found.parts.copies === "proven";
    });
  } catch (error) {
    throw new Error(JSON.stringify(found?.findings), { cause: error });
  }
}

test.skipIf(noCeph)(
  "a pool ruled to the UK is proven to be there, but for mirrors that nobody could ask for",
  async () => {
    await settles();
    const { parts, findings, counts } = await proved();
    expect(parts).toEqual(stays);
    expect(findings.map(({ mechanism }) => mechanism).sort()).toEqual(["rbd", "rgw"]);
    expect(counts).toMatchObject({ possible: 4, pgs: 8 });
    expect(watch.last).toMatchObject({
      state: "proved",
      map: 1,
      verdict: { cluster: map.cluster },
    });
    const [entry] = audit.entries.filter(({ action }) => action === residencyAction);
    expect(entry).toMatchObject({ actor: "agent", details: { cluster: map.cluster } });
  },
  limit,
);

test.skipIf(noCeph)(
  "a rule that is changed, a host that is moved and a group that is led elsewhere are alarms",
  async () => {
    const acts: [string[], string[]][] = [
      [
        ["osd", "pool", "set", "block", "crush_rule", "ae"],
        ["osd", "pool", "set", "block", "crush_rule", "uk"],
      ],
      [
        ["osd", "crush", "move", "lon-01", "region=ae", "datacenter=dubai"],
        ["osd", "crush", "move", "lon-01", "region=uk", "datacenter=london"],
      ],
    ];
    for (const [act, back] of acts) {
      await cluster.ceph(act);
      const { verdict, findings } = await proved();
      expect(verdict, JSON.stringify(findings)).toBe("violated");
      expect(findings[0]).toMatchObject({ effect: "violates" });
      expect(audit.entries.at(-1)).toMatchObject({
        ...{ action: residencyAction, outcome: "failure" },
        error: "1 pools violate where they may be, 0 are not proven",
      });
      await cluster.ceph(back);
      await settles();
    }
    await cluster.ceph(["osd", "primary-temp", `${map.pools[0]?.id}.0`, "osd.3"]);
    const led = await proved();
    expect(led.findings.map(({ mechanism }) => mechanism)).toContain("primaryTemp");
  },
  2 * limit,
);

test.skipIf(noCeph)(
  "an OSD elsewhere that is down is not known to be empty",
  async () => {
    await cluster.kill("osd.2");
    await cluster.ceph(["osd", "down", "2"]);
    const { findings } = await proved();
    expect(findings.map(({ sentence }) => sentence).join()).toMatch(
      /osd\.2 \(down and in\) is in EU, and what it holds is not known/,
    );
  },
  limit,
);
