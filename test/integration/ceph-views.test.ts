/** Topology, capacity and encryption of a real cluster, over the agent's own link to it. */
import { mkdtempSync, rmSync } from "node:fs";
import { join, resolve } from "node:path";
import { pathToFileURL } from "node:url";
import { build } from "esbuild";
import { afterAll, beforeAll, expect, test } from "vitest";
import { DaemonSettings } from "../../agent/ceph/encryption/settings.ts";
import { FactKeeper } from "../../agent/ceph/facts/keeper.ts";
import { openCeph } from "../../agent/ceph/link/link.ts";
import type { Ceph } from "../../agent/ceph/link/types.ts";
import type { TopologyFilter, TopologyPage } from "../../agent/ceph/topology/answers.ts";
import { until } from "../../packaging/setup/lib/wait.js";
import { type Cluster, noCeph, withCeph } from "../lib/ceph-cluster.ts";

const everything: TopologyFilter = {
  ...{ search: "", state: [], under: "", detail: "osds", cursor: "", limit: 1000 },
};
const pools = { search: "", sort: "name", descending: false, cursor: "", limit: 100 } as const;
const daemons = { search: "", troubled: false, cursor: "", limit: 100 } as const;

const work = mkdtempSync("/var/tmp/dsecos-ceph-views-");
let cluster: Cluster;
let link: Ceph;
let facts: FactKeeper;

beforeAll(async () => {
  if (noCeph) return;
  const outfile = join(work, "ceph-facts.mjs");
  const entry = resolve(import.meta.dirname, "../../agent/ceph/facts/worker.ts");
  const options = { platform: "node", format: "esm", target: "node20", bundle: true } as const;
  await build({ ...options, entryPoints: [entry], outfile, logLevel: "error" });
  cluster = await withCeph();
  const { cephConfig: config, cephUser: user, cephKeyring: keyring } = cluster.paths;
  const program = resolve(import.meta.dirname, "../../agent/ceph/link/helper.py");
  link = openCeph({ config, user, keyring, program, log: () => undefined });
  facts = new FactKeeper({ link, log: () => undefined, program: pathToFileURL(outfile) });
  link.onChanged(() => facts.changed());
  await until("the link to be ready", 60, async () => link.status().state === "ready");
}, 120_000);

afterAll(async () => {
  await facts?.close();
  await link?.close();
  await cluster?.remove();
  rmSync(work, { recursive: true, force: true });
}, 60_000);

const rowOf = ({ rows }: TopologyPage, name: string) => rows.find((row) => row.name === name);

test.skipIf(noCeph)("the tree is the cluster's, with what each OSD holds", async () => {
  const page = await facts.ask("topology", everything);
  expect(page.missing).toEqual([]);
  expect(page.sums).toMatchObject({ osds: 8, up: 8, in: 8 });
  const sites = page.rows.filter(({ type }) => type === "datacenter");
  expect(sites.map(({ name, region }) => `${region} ${name}`).sort()).toEqual([
    ...["ae dubai", "eu frankfurt", "uk london", "uk manchester"],
  ]);
  for (const row of page.rows) expect(row.sums.totalKiB).toBeGreaterThan(0);
});

test.skipIf(noCeph)(
  "an OSD that is killed is down, and up again when it comes back",
  async () => {
    const stateOf = async () => rowOf(await facts.ask("topology", everything), "osd.2")?.osd?.state;
    expect(await stateOf()).toBe("up");
    await cluster.kill("osd.2");
    await until("osd.2 to be seen as down", 60, async () => (await stateOf()) === "down");
    await cluster.start("osd.2");
    await until("osd.2 to be seen as up", 60, async () => (await stateOf()) === "up");
  },
  150_000,
);

test.skipIf(noCeph)("room is what Ceph counts, and each pool has its copies", async () => {
  const { stats } = JSON.parse(await cluster.ceph(["df", "-f", "json"]));
  const capacity = await facts.ask("capacity", { filter: pools, samples: [] });
  expect(capacity.totalKiB).toBe(Math.floor(stats.total_bytes / 1024));
  expect(capacity.missing).toEqual([]);
  expect(capacity.pools.rows.map(({ name }) => name)).toContain("block");
  for (const pool of capacity.pools.rows) expect(pool).toMatchObject({ factor: pool.size });
  expect(capacity.losses.map(({ type }) => type)).toEqual(["region", "datacenter", "host"]);
  expect(capacity.losses[0]).toMatchObject({ name: "uk", outcome: "lost" });
});

test.skipIf(noCeph)(
  "every daemon is asked what it requires, and open connections stay unknown",
  async () => {
    const settings = new DaemonSettings(link);
    await settings.renew(await facts.ask("daemons", settings.all()));
    const answer = await facts.ask("encryption", { filter: daemons, settings: settings.all() });
    expect(answer.daemons.rows.map(({ name }) => name)).toEqual(
      expect.arrayContaining(["mon.a", "mgr.x", "mds.a", "osd.0", "osd.7"]),
    );
    expect(answer.flight).toEqual({ required: 11, optional: 0, offered: 0, unknown: 0 });
    expect(answer.rest).toMatchObject({ memory: 8, keyKept: 0 });
    expect(answer.sessions.state).toBe("unknown");
    expect(answer.findings.join()).not.toContain("does not let the agent");
  },
);
