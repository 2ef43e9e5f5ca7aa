/** The page of storage: without a cluster, over a real one, and while one of its OSDs is away. */

import { utimesSync } from "node:fs";
import { join } from "node:path";
import { afterAll, expect, test, vi } from "vitest";
import { acting } from "../../agent/ceph/capabilities.ts";
import { until } from "../../packaging/setup/lib/wait.js";
import { type Cluster, noCeph, withCeph } from "../lib/ceph-cluster.ts";
import { type Visit, visit, withBrowser } from "./harness.ts";
import { approveOne, withStaff } from "./people.ts";

vi.setConfig({ testTimeout: 150_000, hookTimeout: 60_000 });

withBrowser();
const staff = withStaff();

let cluster: Cluster | undefined;
afterAll(() => cluster?.remove());

const open = (address: string, options: Parameters<typeof visit>[1] = {}) =>
  visit(`ceph.html#/${address}`, options);

const scrollsSideways = ({ page }: Visit) =>
  page.evaluate(() => document.documentElement.scrollWidth > document.documentElement.clientWidth);

/** Where the agent of the tests looks for a cluster. */
const directory = () => join(process.env.DSECOS_TEST_STATE ?? "", "ceph");

/** From the menu of a row to the dialog. */
async function take(page: Visit, row: string, act: string): Promise<void> {
  const button = await page.page.waitForSelector(`${row} .ds-kebab`);
  await button?.focus();
  await page.page.keyboard.press("Enter");
  await page.click("menuitem", act);
}

/** What the manual asks for where operators act on the cluster; the agent connects anew with it. */
async function giveOperator({ ceph, paths }: Cluster): Promise<void> {
  const caps = Object.entries(acting).flat();
  await ceph(["auth", "caps", paths.cephUser, ...caps]);
  utimesSync(paths.cephConfig, new Date(), new Date());
}

test.skipIf(noCeph)(
  "without a cluster the page says how to set one up, and takes one up that comes",
  async () => {
    const page = await open("");
    await page.sees("No Ceph cluster is set up on this node");
    await page.sees("put the cluster's ceph.conf there");
    await page.screenshot("ceph-none");
    await page.check();
    cluster = await withCeph({ directory: directory() });
    await page.sees("Health of the cluster", 60_000);
  },
);

test.skipIf(noCeph)(
  "the overview has the verdict, its reasons and what the cluster consists of",
  async () => {
    const page = await open("");
    await page.sees("Health of the cluster");
    await page.sees("1 of 1 in quorum: a");
    await page.page.waitForSelector('[data-residency="unknown"]');
    await page.sees("Every copy of every object is where it should be.", 60_000);
    await page.screenshot("ceph-overview");
    await page.check();
  },
);

test.skipIf(noCeph)(
  "topology has regions with their sites, and the tree that can be searched and entered",
  async () => {
    const page = await open("topology");
    await page.sees("frankfurt");
    await page.page.waitForSelector('[data-region="uk"] [data-site="manchester"]');
    await page.page.waitForSelector('[data-row="default/ae/dubai/dxb-01/osd.3"]');
    await page.screenshot("ceph-topology");
    await page.check();
    await page.fill("Search in places, types and devices", "london osd.0", "searchbox");
    await page.waitForRows([
      ...["default", "default/uk", "default/uk/london", "default/uk/london/lon-01"],
      "default/uk/london/lon-01/osd.0",
    ]);
    await page.page.goto(page.page.url().replace(/#.*/, "#/topology?under=default/eu"));
    await page.sees("Whole cluster");
    await page.click("button", "Details of osd.2");
    await page.sees("default/eu/frankfurt/fra-01/osd.2");
    await page.check();
  },
);

test.skipIf(noCeph)(
  "an OSD that is killed is said to be down with what to do, and is up again by itself",
  async () => {
    const overview = await open("");
    await overview.sees("Health of the cluster");
    const tree = await open("topology");
    const osd = '[data-row="default/uk/london/lon-01/osd.0"]';
    const hasState = (state: string) =>
      tree.page.waitForFunction(
        (selector, words) =>
          document.querySelector(`${selector} [data-column=state]`)?.textContent === words,
        { timeout: 60_000 },
        ...([osd, state] as const),
      );
    await hasState("up");
    await cluster?.kill("osd.0");
    await overview.page.waitForSelector('[data-code="OSD_DOWN"]', { timeout: 60_000 });
    await hasState("down");
    await overview.page.bringToFront();
    await overview.sees("What to do");
    await overview.screenshot("ceph-osd-down");
    await overview.check();
    await tree.page.bringToFront();
    await tree.screenshot("ceph-topology-down");
    await cluster?.start("osd.0");
    await hasState("up");
    await overview.page.bringToFront();
    await overview.page.waitForFunction(() => !document.querySelector('[data-code="OSD_DOWN"]'), {
      timeout: 60_000,
    });
  },
);

test.skipIf(noCeph)(
  "an OSD is taken out once what that does was told, is compared, and is brought back",
  async () => {
    await giveOperator(cluster as Cluster);
    const page = await open("topology");
    const spare = "default/uk/london/lon-02/osd.4";
    const hasState = (state: string, path = spare) =>
      page.until(`${path} is ${state}`, 60_000, () =>
        page.page.evaluate(
          (selector, words) =>
            document.querySelector(`${selector} [data-column=state]`)?.textContent === words,
          ...([`[data-row="${path}"]`, state] as const),
        ),
      );
    await hasState("up");
    await take(page, `[data-row="${spare}"]`, "Take it out");
    // Nothing can be confirmed before it is told what would come of it.
    await page.page.waitForSelector('[data-prediction="known"]', { timeout: 60_000 });
    await page.screenshot("ceph-osd-out");
    await page.check();
    await page.fill("Reason", "a disk is replaced");
    await page.click("button", "Do it");
    await hasState("out");
    // Three copies on hosts of one region, of which two would be left.
    await take(page, '[data-row="default/uk/london/lon-01/osd.0"]', "Take it out");
    await page.sees("It is dangerous", 60_000);
    await page.sees("Another person must approve it");
    await page.screenshot("ceph-osd-out-dangerous");
    await page.check();
    await page.fill("Reason", "its disk burns");
    await page.click("button", "Ask for it anyway");
    await page.sees("The request waits for a second person");
    await approveOne(staff.officer, "ceph.SetOsdAnyway");
    await page.click("button", "Carry out now");
    const burning = "default/uk/london/lon-01/osd.0";
    await hasState("out", burning);
    await cluster?.ceph(["osd", "in", "0"]);
    await hasState("up", burning);
    await take(page, `[data-row="${spare}"]`, "Take it in");
    // While groups are on their way it is unknown.
    await until("what it does to be known", 90, async () => {
      const again = await page.page.$('[data-prediction="unknown"] button');
      await again?.click();
      return (await page.page.$('[data-prediction="known"]')) !== null;
    });
    await page.fill("Reason", "the disk was replaced");
    await page.click("button", "Do it");
    await hasState("up");
    await page.page.goto(page.page.url().replace(/#.*/, "#/actions"));
    await page.sees("osd.4 out");
    await page.until("all three were compared", 60_000, async () => {
      return (await page.page.$$('[data-comparison="finished"]')).length === 3;
    });
    await page.sees("as predicted");
    await page.click("button", "Stop something for a while");
    await page.fill("Reason", "work on the host");
    await page.click("button", "Stop it");
    await page.page.waitForSelector('[data-flag="noout"]');
    await page.screenshot("ceph-actions");
    await page.check();
    const overview = await open("");
    await overview.page.waitForSelector('[data-windows="1"] [data-flag="noout"]');
    await overview.sees("ends on");
    await overview.screenshot("ceph-overview-window");
    await page.page.bringToFront();
    await page.click("button", "End noout now");
    await page.fill("Reason", "it is done");
    await page.click("button", "End it");
    await page.sees("Nothing is stopped.");
  },
);

test.skipIf(noCeph)("capacity has room, days, losses and pools with their redundancy", async () => {
  const page = await open("capacity");
  await page.sees("Room in the whole cluster");
  await page.sees("less than six hours");
  await page.sees("After the loss of the largest");
  for (const row of ["region", "datacenter", "host", "block", "cephfs.fs.meta"]) {
    await page.page.waitForSelector(`[data-row="${row}"]`);
  }
  await page.sees("2 may be lost");
  await page.sees("Pools that lie in it alone: ");
  await page.screenshot("ceph-capacity");
  await page.check();
});

test.skipIf(noCeph)(
  "encryption lists every daemon, and calls nothing encrypted at rest that is in memory",
  async () => {
    const page = await open("encryption");
    await page.sees("What is not encrypted or not known");
    await page.page.waitForSelector('[data-row="osd.7"]');
    await page.page.waitForSelector('[data-count="memory"]');
    await page.page.waitForSelector('[data-count="required"]');
    await page.sees("Ceph does not tell which of its open connections are encrypted");
    await page.screenshot("ceph-encryption");
    await page.check();
  },
);

test.skipIf(noCeph).each([
  ["", "Health of the cluster"],
  ["topology", "dubai"],
  ["capacity", "Room in the whole cluster"],
  ["encryption", "osd.7"],
] as const)("%s fits a narrow, dark window that reads from right to left", async (tab, sight) => {
  const page = await open(tab, { width: 800, theme: "dark", role: "viewer" });
  await page.sees(sight);
  await page.screenshot(`ceph-${tab || "overview"}`);
  expect(await scrollsSideways(page)).toBe(false);
  await page.page.evaluate(() => {
    document.documentElement.dir = "rtl";
  });
  expect(await scrollsSideways(page)).toBe(false);
});

test.skipIf(noCeph)(
  "monitors that are silent are said so, and the page comes back with them",
  async () => {
    const page = await open("topology");
    await page.sees("dubai");
    await cluster?.pause("mon.a");
    await page.sees("The monitors of the cluster do not answer", 60_000);
    await page.screenshot("ceph-no-quorum");
    await page.check();
    cluster?.resume("mon.a");
    await page.sees("dubai", 60_000);
  },
);

test("nobody without a role sees anything of it", async () => {
  const page = await open("", { role: "nobody" });
  await page.sees("You may not see this");
  await page.screenshot("ceph-nobody");
  await page.check();
});
