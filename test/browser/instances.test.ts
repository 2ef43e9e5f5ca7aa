/** What a person does with instances in the page, from the first click to the real container. */
import { execFileSync } from "node:child_process";
import { expect, test } from "vitest";
import { type Instance, instances } from "../../agent/instances/contract.ts";
import { type Visit, visit, withBrowser } from "./harness.ts";
import { withTenant } from "./people.ts";

const tenant = "instances-page";
const address = `tenants.html#/${tenant}/instances`;
const both = ["app-001", "app-002"];

withBrowser();
const staff = withTenant(tenant, ["app", 2]);

async function list(): Promise<Instance[]> {
  return (await staff.operator.call(instances, "List", tenant)) as Instance[];
}

async function one(name: string): Promise<Instance> {
  const found = (await list()).find((instance) => instance.name === name);
  if (!found) throw new Error(`${name} is gone`);
  return found;
}

/** Runs a command inside of an instance. @returns what it printed */
function inside(name: string, command: string): string {
  const args = ["exec", `--project=${tenant}`, name, "--", "sh", "-c", command];
  return execFileSync("incus", args, { encoding: "utf8", timeout: 60_000 }).trim();
}

const started = (name: string) => inside(name, "stat -c %Y /proc/1");

async function open(names: readonly string[] = both): Promise<Visit> {
  const page = await visit(address);
  await page.waitForRows([...names]);
  return page;
}

/** Chooses an act for one instance, or for all that are selected. */
async function act(page: Visit, entry: string, name?: string): Promise<void> {
  if (name) await page.openMenu(name);
  else await page.click("button", "2 chosen");
  await page.click("menuitem", entry);
}

async function selectBoth(page: Visit): Promise<void> {
  await page.page.locator("[aria-label='Select all rows of this page']").click();
}

async function cell(page: Visit, name: string, column: string, pattern: RegExp): Promise<void> {
  const selector = `[data-row=${name}] [data-column=${column}]`;
  const text = () => page.page.$eval(selector, (found) => found.textContent ?? "");
  await expect.poll(text, { timeout: 30_000 }).toMatch(pattern);
}

/** Waits until the page shows that the job with this title went well. */
async function done(page: Visit, title: string): Promise<void> {
  const succeeded = () =>
    page.page.$$eval(".ds-job-succeeded strong", (titles) =>
      titles.map(({ textContent }) => textContent ?? ""),
    );
  await expect.poll(succeeded, { timeout: 40_000 }).toContain(title);
}

/** @returns whether the open dialog's own button can be pressed */
function mayPress({ page }: Visit): Promise<boolean> {
  return page.$eval(".pf-v6-c-modal-box button[type=submit]", (button) => {
    return !(button as HTMLButtonElement).disabled;
  });
}

test("restarts, stops and starts a selection, each with one job", async () => {
  const page = await open();
  await selectBoth(page);
  const before = both.map(started);
  await act(page, "Restart");
  await done(page, "Restart 2 instances");
  for (const [index, name] of both.entries()) expect(started(name)).not.toBe(before[index]);
  await act(page, "Stop");
  for (const name of both) await cell(page, name, "status", /^stopped$/);
  await done(page, "Stop 2 instances");
  await page.check();
  await page.click("button", "2 chosen");
  await page.sees("It does not run.");
  await page.check();
  await page.screenshot("instances-stopped");
  await page.click("menuitem", "Start");
  for (const name of both) await cell(page, name, "status", /^running$/);
  await done(page, "Start 2 instances");
  expect((await list()).map(({ status }) => status)).toEqual(["running", "running"]);
});

test("resizes one, then a selection, and says which would be more than the quota", async () => {
  const page = await open();
  await act(page, "Resize", "app-001");
  await page.sees("now 1; empty to keep");
  expect(await mayPress(page), "nothing is to change").toBe(false);
  await page.fill("RAM", "lots");
  await page.sees("RAM is a whole number with a unit");
  expect(await mayPress(page), "it is no size").toBe(false);
  await page.check();
  await page.fill("CPU cores", "2", "spinbutton");
  await page.fill("RAM", "192MiB");
  await page.fill("Disk", "2GiB");
  await page.sees(`dsecos instances resize ${tenant} app-001 --cpu 2 --ram 192MiB --storage 2GiB`);
  await page.check();
  await page.screenshot("instances-resize");
  await page.click("button", "Resize");
  await done(page, "Resize app-001");
  await cell(page, "app-001", "ram", /of 192 MiB$/);
  expect((await one("app-001")).limit).toEqual({
    cpu: 2,
    ramKib: 192 * 1024,
    storageKib: 2 * 1024 ** 2,
  });
  await selectBoth(page);
  await act(page, "Resize");
  await page.sees("Resize 2 instances");
  await page.fill("RAM", "160MiB");
  await page.click("button", "Resize");
  for (const name of both) await cell(page, name, "ram", /of 160 MiB$/);
  await act(page, "Resize", "app-002");
  await page.fill("CPU cores", "900", "spinbutton");
  await page.click("button", "Resize");
  await page.page.waitForSelector(".ds-job-failed .ds-job-results");
  await page.check();
  await page.screenshot("instances-over-quota");
  expect((await one("app-002")).limit.cpu).toBe(1);
});

test("takes a snapshot, puts an instance back to it, and deletes it", async () => {
  inside("app-001", "echo first > /root/note && sync");
  const page = await open();
  await selectBoth(page);
  await act(page, "Take a snapshot");
  await page.sees("Take a snapshot of each of 2 instances");
  await page.fill("Name of the snapshot", "Not A Name");
  await page.sees("A snapshot's name has a-z, 0-9, dot, hyphen.");
  expect(await mayPress(page)).toBe(false);
  await page.check();
  await page.fill("Name of the snapshot", "before");
  await page.screenshot("instances-snapshot");
  await page.click("button", "Take");
  await done(page, "Snapshot 2 instances");
  for (const name of both) await cell(page, name, "snapshots", /^1$/);
  inside("app-001", "echo second > /root/note && sync");

  await act(page, "Show snapshots", "app-001");
  await page.sees("before");
  await page.check();
  await page.screenshot("instances-snapshots");
  await page.click("button", "Put back");
  await page.sees("Put app-001 back to before?");
  await page.check();
  await page.click("button", "Back to the snapshots");
  await page.sees("Snapshots of app-001");
  await page.click("button", "Put back");
  await page.sees("What was written after the snapshot is lost.");
  await page.click("button", "Put back");
  await done(page, "Restore app-001 to before");
  await cell(page, "app-001", "status", /^running$/);
  expect(inside("app-001", "cat /root/note")).toBe("first");

  await act(page, "Show snapshots", "app-001");
  await page.page.waitForSelector(".pf-v6-c-modal-box .ds-job-head");
  await page.page.locator(".pf-v6-c-modal-box .ds-job-head .pf-m-danger").click();
  await page.sees("Delete the snapshot before of app-001?");
  await page.check();
  await page.click("button", "Delete");
  await done(page, "Delete snapshot before of app-001");
  await cell(page, "app-001", "snapshots", /^0$/);
  await act(page, "Show snapshots", "app-001");
  await page.sees("None yet. Take one from the menu of the instance.");
});

test("sets when snapshots are taken, and takes it back", async () => {
  const page = await open();
  await act(page, "Schedule snapshots", "app-002");
  await page.fill("Kept for", "for long");
  await page.sees("An expiry is for example 12H, 7d, 4w or 1y.");
  expect(await mayPress(page)).toBe(false);
  await page.check();
  await page.page.select(".pf-v6-c-modal-box select", "@hourly");
  await page.fill("Kept for", "12H");
  await page.screenshot("instances-schedule");
  await page.click("button", "Set");
  await cell(page, "app-002", "snapshots", /@hourly$/);
  expect((await one("app-002")).snapshotSchedule).toBe("@hourly");
  await act(page, "Schedule snapshots", "app-002");
  const chosen = await page.page.$eval(".pf-v6-c-modal-box select", (list) => list.value);
  expect(chosen).toBe("@hourly");
  await page.page.select(".pf-v6-c-modal-box select", "");
  await page.click("button", "Set");
  await cell(page, "app-002", "snapshots", /^\d+$/);
});

test("follows what the console prints", async () => {
  const page = await open();
  await act(page, "Show console log", "app-002");
  await page.page.waitForSelector("pre.ds-log");
  await page.sees(`dsecos instances log ${tenant} app-002`);
  inside("app-002", "echo 'printed while somebody looks' > /dev/console");
  await page.sees("printed while somebody looks");
  await page.check();
  await page.screenshot("instances-log");
});

test("keeps the choice of columns over a reload", async () => {
  const page = await open();
  const headings = () =>
    page.page.$$eval("th", (found) => found.map(({ textContent }) => textContent));
  expect(await headings()).not.toContain("Node");
  await page.click("button", "Columns");
  await page.click("menuitemcheckbox", "Node");
  await page.click("menuitemcheckbox", "Addresses");
  await page.check();
  await page.page.keyboard.press("Escape");
  await page.page.reload();
  await page.waitForRows(both);
  expect(await headings()).toContain("Node");
  expect(await headings()).not.toContain("Addresses");
});

test("deletes a selection for good", async () => {
  const page = await open();
  await selectBoth(page);
  await act(page, "Delete");
  await page.sees("Delete 2 instances?");
  await page.sees("app-001, app-002");
  await page.check();
  await page.screenshot("instances-delete");
  await page.click("button", "Cancel");
  await page.seesNot("Delete 2 instances?");
  await act(page, "Delete");
  await page.click("button", "Delete for good");
  await page.sees("No instance yet");
  await done(page, "Delete 2 instances");
  expect(await list()).toEqual([]);
});
