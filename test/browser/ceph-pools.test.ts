/** What operators see of a real cluster beside its health: pools, rules, settings, keys, devices, recovery. */
import { utimesSync } from "node:fs";
import { join } from "node:path";
import { afterAll, beforeAll, expect, test, vi } from "vitest";
import { type Cluster, noCeph, withCeph } from "../lib/ceph-cluster.ts";
import { type Visit, visit, withBrowser } from "./harness.ts";

vi.setConfig({ testTimeout: 150_000, hookTimeout: 300_000 });

withBrowser();

let cluster: Cluster;
beforeAll(async () => {
  if (noCeph) return;
  // Where the agent of the tests looks for a cluster.
  const directory = join(process.env.DSECOS_TEST_STATE ?? "", "ceph");
  // Twice two in the United Kingdom, so that data of one that goes out has somewhere to go.
  cluster = await withCeph({ directory, osds: 8 });
});
afterAll(() => cluster?.remove());

const open = (address: string, options: Parameters<typeof visit>[1] = {}) =>
  visit(`ceph.html#/${address}`, options);

const scrollsSideways = ({ page }: Visit) =>
  page.evaluate(() => document.documentElement.scrollWidth > document.documentElement.clientWidth);

test.skipIf(noCeph)("pools say where their rule leads, and the rule says who uses it", async () => {
  const page = await open("pools");
  await page.page.waitForSelector('[data-row="block"]', { timeout: 60_000 });
  await page.click("button", "Details of block");
  await page.sees("Choose as many hosts as there are copies, and one OSD in each.");
  await page.sees("run: ceph osd pool set block min_size 2");
  await page.screenshot("ceph-pools");
  await page.check();
  await page.fill("Search in pools, rules, flags and jurisdictions", "cephfs.fs.meta", "searchbox");
  await page.waitForRows(["cephfs.fs.meta"]);
  await page.click("link", "uk");
  await page.sees("are used by no pool.");
  await page.click("button", "Details of uk");
  await page.sees("block, cephfs.fs.data, cephfs.fs.meta");
  await page.screenshot("ceph-rules");
  await page.check();
});

test.skipIf(noCeph)("settings say what differs, from where, and what that weakens", async () => {
  const page = await open("settings?weak=yes");
  await page.sees("mon_allow_pool_delete", 60_000);
  await page.click("button", "Details of mon_allow_pool_delete");
  await page.sees("Pools can be deleted with one command");
  await page.screenshot("ceph-settings");
  await page.check();
  await page.fill("Search in names, values and descriptions", "no such setting", "searchbox");
  await page.sees("No setting matches");
});

test.skipIf(noCeph)(
  "keys are shown once the agent may read who has one, and never a key",
  async () => {
    const page = await open("keyrings");
    await page.sees("The agent may not read who has a key", 60_000);
    await page.sees("allow command 'auth ls'");
    await page.screenshot("ceph-keyrings-unread");
    await page.check();
    await cluster.ceph([
      ...["auth", "get-or-create", "client.backup", "mon", "allow r", "osd", "allow r"],
    ]);
    await cluster.ceph([
      ...["auth", "caps", "client.dsecos", "mgr", "allow r", "osd", "allow r", "mon"],
      "allow r, allow command 'config-key ls', allow command 'auth ls'",
    ]);
    const { cephKeyring } = cluster.paths;
    utimesSync(cephKeyring, new Date(), new Date());
    await page.page.waitForSelector('[data-row="client.backup"]', { timeout: 90_000 });
    await page.sees("It reaches objects of every pool in every namespace");
    await page.click("button", "Details of client.backup");
    await page.sees("Reads objects in every pool, in every namespace.");
    expect(await page.page.evaluate(() => document.body.textContent)).not.toMatch(/AQ[\w+/]{30,}=/);
    await page.screenshot("ceph-keyrings");
    await page.check();
  },
);

test.skipIf(noCeph)("OSDs in memory have no disk, and the page says so plainly", async () => {
  const page = await open("devices");
  await page.sees("No OSD tells of a disk, so Ceph watches the health of none here.", 60_000);
  await page.page.waitForSelector('[data-row="osd.3"]');
  await page.screenshot("ceph-devices");
  await page.check();
});

test.skipIf(noCeph)(
  "an OSD that goes out is followed, and a flag that holds it up is told",
  async () => {
    const page = await open("progress");
    await page.page.waitForSelector('[data-idle="true"]', { timeout: 60_000 });
    await cluster.ceph(["osd", "set", "noscrub"]);
    await cluster.ceph(["osd", "out", "0"]);
    await page.page.waitForSelector('[data-flag="noscrub"]', { timeout: 60_000 });
    await page.page.waitForFunction(
      () => document.body.textContent?.includes("osd.0 marked out") === true,
      { timeout: 90_000 },
    );
    await page.screenshot("ceph-progress");
    await page.check();
    await cluster.ceph(["osd", "in", "0"]);
    await cluster.ceph(["osd", "unset", "noscrub"]);
  },
);

test.skipIf(noCeph).each([
  ["pools", "cephfs.fs.meta"],
  ["rules", "Rules that there are"],
  ["settings", "ms_cluster_mode"],
  ["keyrings", "client.backup"],
  ["devices", "osd.3"],
  ["progress", "Versions of daemons"],
] as const)("%s fits a narrow, dark window that reads from right to left", async (tab, sight) => {
  const page = await open(tab, { width: 800, theme: "dark", role: "viewer" });
  await page.sees(sight, 60_000);
  await page.screenshot(`ceph-${tab}`);
  expect(await scrollsSideways(page)).toBe(false);
  await page.page.evaluate(() => {
    document.documentElement.dir = "rtl";
  });
  expect(await scrollsSideways(page)).toBe(false);
});
