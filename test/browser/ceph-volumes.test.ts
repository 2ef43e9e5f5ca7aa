/** Tenants' volumes on the page, over a real cluster with four sites, and the proof of where data is. */
import { afterAll, beforeAll, expect, test, vi } from "vitest";
import { type ApprovalRecord, approvals } from "../../agent/approvals/contract.ts";
import { ceph } from "../../agent/ceph/contract.ts";
import { S3 } from "../../agent/ceph/objects/s3.ts";
import type { VolumeAccess, VolumePage } from "../../agent/ceph/volumes/answers.ts";
import { until } from "../../packaging/setup/lib/wait.js";
import { noGateways as noCeph } from "../lib/ceph-cluster.ts";
import { makeVolumesBed, type VolumesBed } from "./ceph-volumes-bed.ts";
import { testDisks } from "./ceph-volumes-disks.ts";
import { testRules } from "./ceph-volumes-rules.ts";
import { download } from "./download.ts";
import { type Visit, visit, withBrowser } from "./harness.ts";
import { withToken } from "./hsm-bed.ts";
import { createTenant, finished, removeTenant, withStaff } from "./people.ts";

vi.setConfig({ testTimeout: 120_000, hookTimeout: 120_000 });

withBrowser();
const staff = withStaff();
const [agency, abroad, disks] = ["vol-agency", "vol-abroad", "vol-disks"];
const hsm = withToken(disks);
let bed: VolumesBed;

beforeAll(async () => {
  if (noCeph) return;
  await createTenant(staff.operator, agency);
  await createTenant(staff.operator, abroad, { jurisdiction: "AE" });
  bed = await makeVolumesBed({ "cephfs.fs.data": ["UK"], block: ["EU"] });
});
afterAll(async () => {
  if (noCeph) return;
  await bed?.forget(disks);
  for (const tenant of [agency, abroad]) {
    await bed?.forget(tenant);
    await removeTenant(staff.operator, staff.officer, tenant);
  }
  await bed?.end();
});

const open = (address: string, options: Parameters<typeof visit>[1] = {}) =>
  visit(`ceph.html#/volumes${address}`, options);

const list = async (filter: object = {}) =>
  (await staff.operator.call(ceph, "Volumes", filter)) as VolumePage;

const has = ({ page }: Visit, selector: string) =>
  page.waitForSelector(selector, { timeout: 60_000 });

const rowOf = (tenant: string, name: string) => `tr[data-row="${tenant}/${name}"]`;

/** Waits until a cell of a row has these words in it. */
const cellSays = ({ page }: Visit, row: string, column: string, words: string) =>
  page.waitForFunction(
    (selector, text) => document.querySelector(selector)?.textContent?.includes(text),
    { timeout: 60_000 },
    ...([`${row} [data-column=${column}]`, words] as const),
  );

async function act(page: Visit, row: string, entry: string): Promise<void> {
  const button = await page.page.waitForSelector(`${row} .ds-kebab`);
  await button?.focus();
  await page.page.keyboard.press("Enter");
  await page.click("menuitem", entry);
}

const make = async (tenant: string, name: string, more: object = {}) => {
  const spec = { name, size: "64MiB", ...more };
  await finished(
    staff.operator,
    String(await staff.operator.call(ceph, "CreateVolume", tenant, spec)),
  );
};

async function approveAll(): Promise<number> {
  const asked = (await staff.officer.call(approvals, "List")) as ApprovalRecord[];
  const mine = asked.filter(
    ({ state, member }) => state === "pending" && member === "ceph.DeleteVolume",
  );
  for (const { id, hash } of mine) await staff.officer.call(approvals, "Approve", id, hash);
  return mine.length;
}

test.skipIf(noCeph)(
  "without a volume the page says what there must be; one is made, and what it means is told before",
  async () => {
    const page = await open("");
    await page.sees("No volume yet", 60_000);
    await has(page, '[data-need="map"][data-there="true"]');
    await has(page, '[data-need="tenant"][data-there="true"]');
    await page.screenshot("ceph-volumes-none");
    await page.check();
    await page.click("button", "Make a volume");
    await page.fill("Tenant", agency, "combobox");
    await page.fill("Name", "archive");
    await page.fill("Size", "1MiB");
    await page.sees("A volume has at least 4MiB");
    await page.fill("Size", "64MiB");
    await has(page, '[data-meaning="UK"]');
    await page.sees("it comes into the pool dsecos.uk.hosts-3.file");
    await page.sees("it takes 192 MiB of the cluster’s devices");
    await page.screenshot("ceph-volumes-make");
    await page.check();
    await page.click("button", "Make it");
    await cellSays(page, rowOf(agency, "archive"), "state", "ready");
    await cellSays(page, rowOf(agency, "archive"), "used", "0 of 64 MiB");
  },
);

test.skipIf(noCeph)(
  "what cannot be made says why, stays declared, and has its reason and caveat on its page",
  async () => {
    const page = await open(`?tenant=${abroad}`);
    await page.click("button", "Make a volume");
    await page.fill("Name", "three");
    await page.click("button", "Make it");
    await page.sees("AE has 2 hosts with storage, and 3 copies need as many");
    await cellSays(page, rowOf(abroad, "three"), "state", "not as declared");
    await page.screenshot("ceph-volumes-refused");
    await page.click("link", "three");
    await has(page, '[data-wrong="trouble"]');
    await page.sees("choose a class with fewer");
    await page.screenshot("ceph-volume-trouble");
    await page.check();
    await make(abroad, "two", { class: "hosts-2" });
    await page.page.goto(page.page.url().replace(/three$/, "two"));
    await has(page, '[data-wrong="caveat"]');
    await page.sees("which may be outside AE");
  },
);

test.skipIf(noCeph)("filters and order stand in the address and hold after a reload", async () => {
  const page = await open("?troubled=yes");
  await page.waitForRows([`${abroad}/three`]);
  await page.page.goto(page.page.url().replace(/\?.*/, "?jurisdiction=UK&sort=-bytes"));
  await page.waitForRows([`${agency}/archive`]);
  await page.fill("Search in volumes, tenants, jurisdictions and classes", "nothing", "searchbox");
  await page.sees("No volume matches");
  await page.page.reload();
  await page.sees("No volume matches");
  await page.click("button", "Clear all filters");
  await page.waitForRows([`${abroad}/two`, `${agency}/archive`, `${abroad}/three`].sort());
});

test.skipIf(noCeph)("a resize is seen on another open page, and at the tenant", async () => {
  const [page, other] = [await open(""), await visit(`tenants.html#/${agency}`)];
  await act(page, rowOf(agency, "archive"), "Resize");
  await page.fill("New size", "128MiB");
  await page.sees("Full, it takes 384 MiB on devices");
  await page.click("button", "Resize");
  await page.sees("archive has 128 MiB now");
  await cellSays(page, rowOf(agency, "archive"), "used", "of 128 MiB");
  await other.page.bringToFront();
  await has(other, '[data-volume="archive"]');
  await other.sees("0 of 128 MiB");
  await other.screenshot("tenants-volumes");
  await other.check();
});

test.skipIf(noCeph)(
  "the key is shown once, after it was said that this goes on record",
  async () => {
    const page = await open(`/${agency}/archive`);
    await page.click("button", "Actions");
    await page.click("menuitem", "Show how it is opened");
    await page.sees("That you read it goes on record");
    await page.check();
    await page.click("button", "Show the key");
    await page.sees("It is shown once");
    const key = (await bed.cluster.ceph(["auth", "get-key", `client.dsecos.${agency}`])).trim();
    const keyring = await page.page.$eval(
      '[data-access="keyring"] code',
      (code) => code.textContent,
    );
    expect(keyring).toBe(`[client.dsecos.${agency}]\n\tkey = ${key}`);
    await page.sees(`name=dsecos.${agency},secretfile=KEYFILE`);
    await page.check();
    const saved = await download(page, () => page.click("button", "Download the key alone"));
    expect(saved).toEqual({ name: `dsecos.${agency}.key`, text: `${key}\n` });
    await page.screenshot("ceph-volume-access");
    await page.click("button", "Close");
    await page.seesNot("It is shown once");
    expect(await page.page.content()).not.toContain(key);
  },
);

test.skipIf(noCeph)(
  "volumes are deleted together when a second person approved it, and restored together",
  async () => {
    await make(agency, "drafts");
    const page = await open(`?tenant=${agency}`);
    const rows = ["archive", "drafts"].map((name) => rowOf(agency, name));
    for (const row of rows) await (await has(page, `${row} input`))?.click();
    await page.click("button", "2 chosen");
    await page.click("menuitem", "Delete");
    await page.fill("Days until it is removed", "6", "spinbutton");
    await page.sees("A volume is deleted after 7 days at least");
    await page.fill("Days until it is removed", "7", "spinbutton");
    await page.fill("Number of volumes", "2");
    await page.screenshot("ceph-volumes-delete");
    await page.check();
    await page.click("button", "Ask for deletion");
    await page.sees("2 requests wait for a second person");
    expect((await list({ state: ["deleting"] })).total).toBe(0);
    expect(await approveAll()).toBe(2);
    for (const left of [1, 0]) {
      await page.click("button", "Carry out now");
      await page.page.waitForFunction(
        (count) => document.querySelectorAll(".ds-approval").length === count,
        {},
        left,
      );
    }
    for (const row of rows) await cellSays(page, row, "state", "to be deleted");
    await page.screenshot("ceph-volumes-deleting");
    await page.click("button", "2 chosen");
    await page.click("menuitem", "Restore");
    await page.fill("Reason", "they are needed");
    await page.click("button", "Restore");
    for (const row of rows) await cellSays(page, row, "state", "ready");
  },
);

test.skipIf(noCeph)("who may only look sees why nothing can be changed", async () => {
  for (const role of ["viewer", "auditor"] as const) {
    const page = await open(`?tenant=${agency}`, { role });
    await has(page, rowOf(agency, "archive"));
    await has(page, "button[aria-disabled=true]");
    const button = await has(page, `${rowOf(agency, "archive")} .ds-kebab`);
    await button?.focus();
    await page.page.keyboard.press("Enter");
    await page.sees("This needs the group dsecos-operator.");
    const free = await page.page.$$('[role=menuitem][aria-disabled="false"]');
    expect(free).toEqual([]);
  }
});

test.skipIf(noCeph)("what nobody declared is told, and long lists have pages", async () => {
  await bed.cluster.ceph(["fs", "subvolume", "create", "fs", `${agency}.old`, agency]);
  const names = Array.from({ length: 60 }, (_, at) => `many-${String(at).padStart(2, "0")}`);
  await bed.declare(abroad, names, "BR");
  bed.reconnect();
  await until("the stray to be told", 60, async () => (await list()).strays.length > 0);
  const page = await open("?text=many&rows=50");
  await page.sees(`${agency}.old in the group ${agency} was declared by nobody`);
  await page.sees("50 of 60");
  await page.screenshot("ceph-volumes-many");
  await page.check();
  await page.click("button", "Next page");
  await page.waitForRows(names.slice(50).map((name) => `${abroad}/${name}`));
});

test.skipIf(noCeph)(
  "a bucket is made that holds what is written, and its calendar says until when",
  async () => {
    const page = await open(`?tenant=${agency}`);
    await page.click("button", "Make a volume");
    await page.fill("Name", "ledger");
    await page.fill("Size", "64MiB");
    await page.page.select("select:has(option[value=object])", "object");
    await (await has(page, "form input[type=checkbox]"))?.click();
    await page.fill("Days that everything written is held", "30", "spinbutton");
    await page.screenshot("ceph-worm-make");
    await page.click("button", "Make it");
    await cellSays(page, rowOf(agency, "ledger"), "state", "ready");
    const access = await staff.operator.call(ceph, "VolumeAccess", agency, "ledger");
    await put(access as VolumeAccess, "entry", "one line");
    await page.click("link", "ledger");
    await page.sees("what is written is held for 30 days");
    await page.click("link", "What can be deleted when");
    const day = new Date(Date.now() + 30 * 86_400_000).toISOString().slice(0, 10);
    await has(page, `[data-calendar] [data-row^="${day.slice(0, 7)}"]`);
    await page.sees("the lock binds S3 alone");
    await page.click("button", `Details of ${agency}/ledger`);
    await page.sees("1 version was listed, and these are all");
    await page.screenshot("ceph-worm");
    await page.check();
  },
);

test.skipIf(noCeph)(
  "a file volume is held by snapshots, which are told as what they are",
  async () => {
    const page = await open(`?tenant=${agency}`);
    await page.click("button", "Make a volume");
    await page.fill("Name", "papers");
    await page.fill("Size", "64MiB");
    await (await has(page, "form input[type=checkbox]"))?.click();
    await page.fill("Days that each snapshot is kept", "30", "spinbutton");
    await page.sees("Every 9 hours a snapshot is taken.");
    await page.screenshot("ceph-snapshots-make");
    await page.check();
    await page.click("button", "Make it");
    await until("the volume to be made", 60, async () =>
      (await list({ tenant: agency })).rows.some(
        ({ name, state }) => name === "papers" && state === "ready",
      ),
    );
    await page.click("link", "papers");
    await page.sees("by snapshots, each kept for 30 days");
    await page.click("link", "What can be deleted when");
    await page.click("button", `Details of ${agency}/papers`);
    await page.sees("There is no snapshot: none is taken while nothing is in the volume.");
    // By keyboard: the page moves up when the bar of the job above it goes.
    await (await has(page, "[data-files] button.pf-m-secondary"))?.focus();
    await page.page.keyboard.press("Enter");
    await has(page, '[data-row^="dsecos-"]');
    await page.sees("an operator");
    await page.sees("No offload target is declared");
    await has(page, '[data-limits="files"]');
    await page.screenshot("ceph-snapshots");
    await page.check();
    const viewer = await visit(`ceph.html#/worm?tenant=${agency}&open=${agency}%2Fpapers`, {
      ...{ role: "viewer", width: 800, theme: "dark" },
    });
    await has(viewer, '[data-row^="dsecos-"]');
    await has(viewer, '[data-files] button[aria-disabled="true"]');
    await viewer.screenshot("ceph-snapshots-viewer");
    await viewer.check();
  },
);

/** Writes an object as whoever has the bucket's key. */
async function put({ keyring, path }: VolumeAccess, key: string, body: string): Promise<void> {
  const [, accessKey = "", secretKey = ""] =
    /key_id = (\S+)\naws_secret_access_key = (\S+)/.exec(keyring) ?? [];
  const s3 = new S3(bed.cluster.endpoints[0] ?? "");
  const request = { method: "PUT", bucket: path, key, body } as const;
  const { status } = await s3.ask({ accessKey, secretKey }, request);
  s3.close();
  expect(status).toBe(200);
}

test.skipIf(noCeph)("of each pool the overview says whether it stays, and why not", async () => {
  const page = await visit("ceph.html#/");
  const verdict = (pool: string, outcome: string) =>
    has(page, `[data-pool="${pool}"][data-verdict="${outcome}"]`);
  await verdict("block", "violated");
  await page.sees("Rule uk could choose osd.0, which is in UK.");
  await has(page, '[data-pool="block"] [data-part="rule"][data-verdict="violated"]');
  await (await has(page, "[data-proven] summary"))?.click();
  await verdict("cephfs.fs.data", "proven");
  await has(page, '[data-residency="bad"]');
  await page.screenshot("ceph-residency-violated");
  await page.check();
});

test.skipIf(noCeph).each([
  [1280, "light"],
  [800, "dark"],
] as const)(
  "the overview draws where hosts stand and what may lie where, at %i pixels, %s",
  async (width, theme) => {
    const page = await visit("overview.html", { width, theme, role: "viewer" });
    await has(page, '[data-jurisdiction="UK"] [data-site="london"] [data-host="lon-01"]');
    await has(page, '[data-jurisdiction="AE"] [data-site="dubai"]');
    await has(page, 'tr[data-row="block"] [data-column="in-UK"] [data-cell="forbidden"]');
    await has(page, 'tr[data-row="block"] [data-column="in-EU"] [data-cell="none"]');
    // What is proven stands last, and not among the first where there are many pools.
    const proven = 'tr[data-row="cephfs.fs.data"] [data-column="in-UK"] [data-cell="copies"]';
    const found = await has(page, `${proven}, [aria-labelledby="ov-sites"] .ds-table + button`);
    const more = await found?.evaluate(({ tagName, textContent }) =>
      tagName === "BUTTON" ? textContent : "",
    );
    if (more) await page.click("button", more);
    await has(page, proven);
    // This machine is no host of the cluster's, so nobody knows by the map where it stands.
    await page.sees("Of these nodes the map does not say where they stand");
    const [part] = await page.page.$$('[aria-labelledby="ov-sites"]');
    await part?.scrollIntoView();
    await page.screenshot("overview-sites");
    await page.check();
    expect(
      await page.page.evaluate(
        () => document.documentElement.scrollWidth > document.documentElement.clientWidth,
      ),
    ).toBe(false);
  },
);

test.skipIf(noCeph).each(["", `/${agency}/archive`])(
  "volumes%s fit a narrow, dark window that reads from right to left",
  async (address) => {
    const page = await open(address, { width: 800, theme: "dark", role: "viewer" });
    await page.sees("0 of 128 MiB");
    await page.screenshot(`ceph-volumes${address.replaceAll("/", "-")}`);
    const sideways = () =>
      page.page.evaluate(() => {
        const { scrollWidth, clientWidth } = document.documentElement;
        return scrollWidth > clientWidth;
      });
    expect(await sideways()).toBe(false);
    await page.page.evaluate(() => {
      document.documentElement.dir = "rtl";
    });
    expect(await sideways()).toBe(false);
  },
);

testDisks({ skipped: noCeph !== "", tenant: disks, hsm, make });
testRules({ skipped: noCeph !== "", staff, bound: "cephfs.fs.data", moved: "block" });
