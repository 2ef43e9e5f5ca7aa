/**
 * What operators see of a real cluster beside its health: keys, pools and rules, settings, devices and
 * progress, over the agent's own link to it.
 */
import { mkdtempSync, readFileSync, rmSync, utimesSync } from "node:fs";
import { join, resolve } from "node:path";
import { pathToFileURL } from "node:url";
import { build } from "esbuild";
import { afterAll, beforeAll, expect, test } from "vitest";
import type { DeviceFilter } from "../../agent/ceph/devices/answers.ts";
import { DaemonSettings } from "../../agent/ceph/encryption/settings.ts";
import { FactKeeper } from "../../agent/ceph/facts/keeper.ts";
import type { KeyringFilter } from "../../agent/ceph/keyrings/answers.ts";
import { openCeph } from "../../agent/ceph/link/link.ts";
import type { Ceph } from "../../agent/ceph/link/types.ts";
import type { SettingFilter } from "../../agent/ceph/settings/answers.ts";
import { createSettings } from "../../agent/ceph/settings/service.ts";
import { until } from "../../packaging/setup/lib/wait.js";
import { type Cluster, noCeph, withCeph } from "../lib/ceph-cluster.ts";

const paging = { search: "", descending: false, cursor: "", limit: 1000 } as const;
const keys: KeyringFilter = { ...paging, holder: [], flagged: false, sort: "entity" };
const own = "client.dsecos";
const capabilities = { mgr: "allow r", osd: "allow r" };
const mayRead = "allow r, allow command 'config-key ls'";

const work = mkdtempSync("/var/tmp/dsecos-ceph-keyrings-");
/** All that the link and the facts logged. */
const logged: string[] = [];
const log = (...told: unknown[]) => void logged.push(JSON.stringify(told));
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
  link = openCeph({ config, user, keyring, program, log });
  facts = new FactKeeper({ link, log, program: pathToFileURL(outfile) });
  link.onChanged(() => facts.changed());
  await until("the link to be ready", 60, async () => link.status().state === "ready");
}, 120_000);

afterAll(async () => {
  await facts?.close();
  await link?.close();
  await cluster?.remove();
  rmSync(work, { recursive: true, force: true });
}, 60_000);

const allow = (mon: string) =>
  cluster.ceph(["auth", "caps", own, ...Object.entries({ mon, ...capabilities }).flat()]);

test.skipIf(noCeph)(
  "who has a key is not known until the agent may read it, and then no key reaches it",
  async () => {
    const ask = () => facts.ask("keyrings", { filter: keys, own });
    const refused = await ask();
    expect(refused).toMatchObject({ known: false, rows: [], total: 0 });
    expect(refused.missing).toEqual([expect.stringContaining("auth ls")]);
    await cluster.ceph([
      ...["auth", "get-or-create", "client.backup", "mon", "allow r", "osd"],
      "allow r pool=block namespace=acme",
    ]);
    await cluster.ceph([
      ...["auth", "get-or-create", "client.dsecos.acme", "mon", "allow r", "osd"],
      "allow rw pool=block namespace=acme",
    ]);
    await allow(`${mayRead}, allow command 'auth ls'`);
    // Capabilities are those of when a connection was made; a keyring that is new makes another.
    utimesSync(cluster.paths.cephKeyring, new Date(), new Date());
    await until("the agent to know", 60, async () => {
      if (link.status().state !== "ready") return false;
      return (await ask()).known;
    });
    const page = await ask();
    expect(page.rows.map(({ entity }) => entity)).toEqual(
      expect.arrayContaining(["client.admin", "client.backup", "mds.a", "mgr.x", "osd.7"]),
    );
    const byName = new Map(page.rows.map((row) => [row.entity, row]));
    expect(byName.get("client.admin")).toMatchObject({ strength: "admin", flagged: false });
    expect(byName.get("client.backup")).toMatchObject({ tenants: ["acme"], flagged: true });
    expect(byName.get("client.dsecos.acme")).toMatchObject({ strength: "limited", tenant: "acme" });
    // What lets it read all keys lets it become the admin, and it says so of itself.
    expect(byName.get(own)).toMatchObject({ holder: "agent", strength: "admin", flagged: true });

    const raw = Buffer.from(await link.text("mon", "auth ls")).toString();
    const known = await cluster.ceph(["auth", "ls", "-f", "json"]);
    const secrets = [
      ...JSON.parse(known).auth_dump.map(({ key }: { key: string }) => key),
      ...readFileSync(join(cluster.directory, "keyring"), "utf8").matchAll(/key = (\S+)/g),
    ].map((found) => (typeof found === "string" ? found : found[1]));
    expect(secrets.length).toBeGreaterThan(20);
    for (const text of [raw, JSON.stringify(page), logged.join()]) {
      expect(text).not.toMatch(/"key"/);
      expect(secrets.filter((secret) => text.includes(secret))).toEqual([]);
    }
  },
  120_000,
);

test.skipIf(noCeph)("pools and rules are the cluster's, with where they reach", async () => {
  const { buckets } = JSON.parse(await cluster.ceph(["osd", "crush", "dump", "-f", "json"]));
  const regions: Record<string, string> = { uk: "UK", eu: "EU", ae: "AE" };
  const map = {
    buckets: buckets.flatMap(({ id, name }: { id: number; name: string }) =>
      regions[name] === undefined ? [] : { id, name, jurisdiction: regions[name] },
    ),
  };
  const ground = { map, mapProblem: "" };
  const rules = await facts.ask("rules", {
    ...{ filter: { ...paging, unused: false, sort: "name" }, ...ground },
  });
  expect(rules).toMatchObject({ most: 256, count: rules.total, missing: [] });
  expect(rules.rows.find(({ name }) => name === "uk")).toMatchObject({
    ...{ jurisdictions: ["UK"], certain: true, osds: 4, problems: [], kind: "replicated" },
    pools: expect.arrayContaining(["block", "cephfs.fs.data", "cephfs.fs.meta"]),
    steps: [
      ...["Begin at uk.", "Choose as many hosts as there are copies, and one OSD in each."],
      "Use what was chosen.",
    ],
  });
  await cluster.ceph(["osd", "pool", "set", "block", "nodelete", "true"]);
  await cluster.ceph(["osd", "pool", "set-quota", "block", "max_objects", "1000"]);
  const block = async () => {
    const filter = { ...paging, troubled: false, sort: "name" } as const;
    const { rows } = await facts.ask("pools", { filter, proof: null, ...ground });
    return rows.find(({ name }) => name === "block");
  };
  await until(
    "the pool to be seen as it is",
    60,
    async () => (await block())?.quotaObjects === 1000,
  );
  expect(await block()).toMatchObject({
    ...{ rule: "uk", jurisdictions: ["UK"], certain: true, autoscale: "off", verdict: "never" },
    ...{ applications: ["rbd"], flags: expect.arrayContaining(["nodelete"]), size: 3, minSize: 1 },
    troubles: [expect.stringContaining("min_size 2")],
  });
});

test.skipIf(noCeph)(
  "settings that differ are told with their default, and the weak ones so",
  async () => {
    await cluster.ceph(["config", "set", "osd", "osd_max_backfills", "7"]);
    await cluster.ceph(["config", "set", "client.rgw", "rgw_ldap_secret", "hunter2"]);
    const core = { link, facts, user: own, log };
    const { Settings } = createSettings(core, new DaemonSettings(link));
    const filter: SettingFilter = { ...paging, source: [], weak: false, sort: "name" };
    const ask = () => Settings({} as never, filter);
    await until("the setting to be seen", 60, async () =>
      (await ask()).rows.some(({ name }) => name === "osd_max_backfills"),
    );
    const page = await ask();
    const of = (name: string) => page.rows.find((row) => row.name === name);
    expect(of("osd_max_backfills")).toMatchObject({
      ...{ value: "7", source: "cluster", section: "osd", fallback: "1", known: true, weakens: "" },
      description: expect.stringMatching(/backfill/i),
    });
    expect(of("mon_allow_pool_delete")).toMatchObject({
      ...{ value: "true", source: "file", fallback: "false", daemonCount: 11 },
      weakens: expect.stringContaining("deleted with one command"),
    });
    expect(of("ms_cluster_mode")).toMatchObject({ value: "secure", weakens: "" });
    expect(of("rgw_ldap_secret")).toMatchObject({ secret: true, value: "" });
    expect(JSON.stringify(page)).not.toContain("hunter2");
    expect(page).toMatchObject({ asked: 11, daemons: 11, missing: [] });
  },
);

test.skipIf(noCeph)("OSDs in memory have no disk, and that is not called good", async () => {
  const filter: DeviceFilter = { ...paging, outlook: [], sort: "osd" };
  const page = await facts.ask("devices", { filter, now: Date.now() });
  expect(page).toMatchObject({ counts: { none: 8, good: 0 }, disks: 0, missing: [], total: 8 });
  expect(page.rows[3]).toMatchObject({
    store: "memstore",
    deviceClass: "hdd",
    totalKiB: 1_048_576,
  });
});

test.skipIf(noCeph)(
  "moving data away from an OSD is followed until it has ended, and late scrubs are told",
  async () => {
    const ask = () => facts.ask("progress", undefined);
    const calm = await ask();
    expect(calm).toMatchObject({
      degraded: 0,
      pools: [],
      held: [],
      missing: [],
      secondsLeft: null,
    });
    expect(calm.versions).toMatchObject([{ daemons: 11, names: [] }]);
    await cluster.ceph(["osd", "set", "noscrub"]);
    await cluster.ceph(["osd", "out", "0"]);
    // The manager follows an OSD that goes out, and says when that has ended.
    await until("the move to have been followed", 90, async () => {
      const { events, ended } = await ask();
      return [...events, ...ended].some(({ what }) => /osd\.0/.test(what));
    });
    await until("the flag to be seen", 60, async () =>
      (await ask()).held.some(({ flag }) => flag === "noscrub"),
    );
    await cluster.ceph(["osd", "in", "0"]);
    await cluster.ceph(["osd", "unset", "noscrub"]);
    for (const [name, value] of [
      ["osd_deep_scrub_interval", "1"],
      ["mon_warn_pg_not_deep_scrubbed_ratio", "0.0001"],
    ] as const) {
      await cluster.ceph(["config", "set", "global", name, value]);
    }
    await until("scrubs to be late", 90, async () => (await ask()).scrub.deepLate > 0);
    const { scrub } = await ask();
    expect(scrub.overdue[0]).toMatchObject({
      deep: true,
      pg: expect.stringMatching(/^\d+\.[0-9a-f]+$/),
    });
  },
  240_000,
);
