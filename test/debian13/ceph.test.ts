/**
 * Debian 13's Ceph under the agent's own code, run in a root of it by test/integration/ceph-debian13.test.ts:
 * what the pages read, a volume of each kind, and the proof of where pools are.
 */
import { mkdtempSync, rmSync } from "node:fs";
import { pathToFileURL } from "node:url";
import * as v from "valibot";
import { afterAll, beforeAll, expect, test } from "vitest";
import { capacityFilterSchema } from "../../agent/ceph/capacity/answers.ts";
import { deviceFilterSchema } from "../../agent/ceph/devices/answers.ts";
import { encryptionFilterSchema } from "../../agent/ceph/encryption/answers.ts";
import { DaemonSettings } from "../../agent/ceph/encryption/settings.ts";
import { FactKeeper } from "../../agent/ceph/facts/keeper.ts";
import { keyringFilterSchema } from "../../agent/ceph/keyrings/answers.ts";
import { openTool } from "../../agent/ceph/link/tool.ts";
import { ruleFilterSchema } from "../../agent/ceph/pools/answers.ts";
import type { JurisdictionMap } from "../../agent/ceph/residency/map/document.ts";
import type { PoolVerdict } from "../../agent/ceph/residency/verdict.ts";
import { ResidencyWatch } from "../../agent/ceph/residency/watch.ts";
import { settingFilterSchema } from "../../agent/ceph/settings/answers.ts";
import { createSettings } from "../../agent/ceph/settings/service.ts";
import { topologyFilterSchema } from "../../agent/ceph/topology/answers.ts";
import { until } from "../../packaging/setup/lib/wait.js";
import { makeObjectBed, type ObjectBed } from "../integration/ceph-objects-bed.ts";
import { fakeCall } from "../integration/incus-fakes.ts";
import { bundle } from "../lib/ceph-operator.ts";
import { RecordingAudit } from "../lib/recording-audit.ts";

const tenant = "reef-one";
const viewer = fakeCall("ceph.Settings", "viewer");
const work = mkdtempSync("/var/tmp/dsecos-ceph-reef-");
const limit = 300_000;
let bed: ObjectBed;
let facts: FactKeeper;
let residency: ResidencyWatch;

beforeAll(async () => {
  const [worker, prover] = await Promise.all(
    ["agent/ceph/facts/worker.ts", "agent/ceph/residency/worker.ts"].map((entry) =>
      bundle(entry, work),
    ),
  );
  bed = await makeObjectBed([tenant]);
  const { ceph: link } = bed;
  const log = () => undefined;
  facts = new FactKeeper({ link, log, program: pathToFileURL(worker ?? "") });
  const { cephConfig: config, cephUser: user, cephKeyring: keyring } = bed.ground.cluster.paths;
  const map = await mapOf();
  residency = new ResidencyWatch({
    ...{ link, user, audit: new RecordingAudit(), log, changed: () => undefined },
    gateways: openTool({ link, config, user, keyring }),
    map: async () => map,
    program: pathToFileURL(prover ?? ""),
  });
}, limit);

afterAll(async () => {
  await residency?.stop();
  await facts?.close();
  await bed?.end();
  rmSync(work, { recursive: true, force: true });
}, limit);

interface Pool {
  pool: number;
  pool_name: string;
}

const dump = async () =>
  (await bed.ceph.mon("osd dump")) as {
    fsid: string;
    pools: Pool[];
    pg_upmap_items: unknown[];
    pg_upmap_primaries: unknown[];
  };

async function mapOf(): Promise<JurisdictionMap> {
  const { buckets } = (await bed.ceph.mon("osd crush dump")) as {
    buckets: { id: number; name: string }[];
  };
  const { fsid, pools } = await dump();
  return {
    ...{ format: "dsecos-ceph-jurisdictions-1", cluster: fsid, serial: 1 },
    ...{ at: new Date().toISOString(), peers: [] },
    buckets: buckets
      .filter(({ name }) => ["uk", "eu", "ae"].includes(name))
      .map(({ id, name }) => ({ id, name, jurisdiction: name.toUpperCase() })),
    networks: [{ cidr: "127.0.0.0/8", jurisdiction: "UK" }],
    pools: pools
      .filter(({ pool_name }) => pool_name === "block")
      .map(({ pool: id, pool_name: name }) => ({ id, name, allowed: ["UK"] })),
  };
}

async function proved(): Promise<PoolVerdict | undefined> {
  await residency.prove();
  return residency.last.verdict?.pools[0];
}

test("everything that pages ask is answered, with nothing missing and no code unknown", async () => {
  const health = await facts.ask("health", undefined);
  expect(health.checks.filter(({ known }) => !known)).toEqual([]);
  expect(health).toMatchObject({ osds: { total: 8, up: 8 }, manager: { problem: "" } });
  const progress = await facts.ask("progress", undefined);
  expect(progress.versions).toEqual([
    { version: expect.stringMatching(/^18\.2\./), daemons: 12, tried: true, names: [] },
  ]);
  expect(bed.ceph.status()).toMatchObject({ state: "ready", reason: "" });
  const topology = await facts.ask("topology", v.parse(topologyFilterSchema, {}));
  expect(topology.sums).toMatchObject({ osds: 8, up: 8, in: 8 });
  const filter = v.parse(capacityFilterSchema, {});
  const capacity = await facts.ask("capacity", { filter, samples: [] });
  expect(capacity.pools.rows.map(({ name }) => name)).toContain("block");
  const settings = new DaemonSettings(bed.ceph);
  await settings.renew(await facts.ask("daemons", settings.all()));
  const encrypted = await facts.ask("encryption", {
    ...{ filter: v.parse(encryptionFilterSchema, {}), settings: settings.all() },
  });
  expect(encrypted.flight).toMatchObject({ required: 11, optional: 0 });
  const devices = await facts.ask("devices", {
    ...{ filter: v.parse(deviceFilterSchema, {}), now: Date.now() },
  });
  const rules = await facts.ask("rules", {
    ...{ filter: v.parse(ruleFilterSchema, {}), map: null, mapProblem: "" },
  });
  expect(rules.rows.map(({ name }) => name)).toContain("uk");
  const keyrings = await facts.ask("keyrings", {
    ...{ filter: v.parse(keyringFilterSchema, {}), own: bed.ground.cluster.paths.cephUser },
  });
  expect(keyrings.rows.filter(({ entity }) => entity === "client.admin")).toHaveLength(1);
  const { Settings } = createSettings({ link: bed.ceph, facts }, settings);
  const differing = await Settings(viewer, v.parse(settingFilterSchema, {}));
  expect(differing.rows.length).toBeGreaterThan(0);
  const all = { progress, topology, capacity, devices, keyrings };
  for (const [name, { missing }] of Object.entries(all)) expect(missing, name).toEqual([]);
}, 60_000);

test(
  "a file volume is made, in a pool of its jurisdiction",
  async () => {
    await bed.create(tenant, { name: "archive", kind: "file", class: "hosts-2" });
    expect(await bed.row(tenant, "archive")).toMatchObject({ state: "ready" });
    const info = await bed.ground.admin.mgr("fs subvolume info", {
      ...{ vol_name: "fs", group_name: tenant, sub_name: `${tenant}.archive` },
    });
    expect(info).toMatchObject({
      data_pool: "dsecos.uk.hosts-2.file",
      bytes_quota: 16 * 1024 ** 2,
    });
  },
  limit,
);

test(
  "a bucket is made, and holds what its user writes",
  async () => {
    await bed.create(tenant, { name: "ledger", class: "hosts-2" });
    const own = await bed.client(tenant, "ledger");
    const object = { bucket: "ledger", key: "one" };
    expect(await own.try({ method: "PUT", ...object, body: "kept" })).toBe("200");
    expect((await own.ask({ method: "GET", ...object })).text).toBe("kept");
    const stranger = bed.clientOf(own.accessKey, "not its secret");
    expect(await stranger.try({ method: "GET", ...object })).toBe("403 SignatureDoesNotMatch");
  },
  limit,
);

test(
  "an encrypted disk is made, and opened by its passphrase alone",
  async () => {
    const image = { pool: "block", namespace: "reef", image: "disk" };
    const size = 8 * 1024 ** 2;
    const act = async (prefix: string, more = {}) =>
      JSON.parse(
        Buffer.from(
          await bed.ground.admin.text("images", prefix, { ...image, ...more }),
        ).toString(),
      );
    const made = await act("make", { size, passphrase: "one" });
    expect(made).toMatchObject({ opens: true });
    expect(await act("make", { size, passphrase: "another" })).toMatchObject({ opens: false });
    expect(await act("grow", { size: made.size + size })).toEqual({ size: made.size + size });
    expect(await act("clear")).toEqual({ images: ["disk"], trash: [] });
  },
  limit,
);

test(
  "pools are proven to be in the UK, with groups that somebody gave other OSDs, too",
  async () => {
    const settled = () =>
      until("block to be proven", 90, async () => (await proved())?.verdict === "proven");
    await settled();
    const { admin } = bed.ground;
    const pgid = `${(await dump()).pools.find(({ pool_name }) => pool_name === "block")?.pool}.3`;
    const { up } = (await admin.mon("pg map", { pgid })) as { up: number[] };
    const free = [0, 1, 4, 5].find((osd) => !up.includes(osd));
    await admin.mon("osd pg-upmap-items", { pgid, id: [up[0], free] });
    expect((await dump()).pg_upmap_items).toEqual([
      { pgid, mappings: [{ from: up[0], to: free }] },
    ]);
    await settled();
    // Monitors take one back at once that a rule could not choose.
    await admin.mon("osd pg-upmap-items", { pgid, id: [up[1], 3] });
    expect((await dump()).pg_upmap_items).not.toContainEqual(
      expect.objectContaining({ mappings: expect.arrayContaining([{ from: up[1], to: 3 }]) }),
    );
    await settled();
  },
  limit,
);
