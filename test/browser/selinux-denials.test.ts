/** Denials on the page, from the agent's own way to auditd, explained from a policy. */
import { describe, expect, test, vi } from "vitest";
import { pagePolicy } from "../lib/page-policy.ts";
import { type Visit, visit, withBrowser } from "./harness.ts";
import { type Denied, withPolicy } from "./selinux-bed.ts";

vi.setConfig({ testTimeout: 120_000 });

withBrowser();
const here = withPolicy(pagePolicy(3));

const open = (address = "", options: Parameters<typeof visit>[1] = {}) =>
  visit(`selinux.html#/denials${address}`, { role: "officer", ...options });

const isolation: Denied = {
  source: "tenant0001_t",
  target: "tenant0002_vol_t",
  fields: 'path="/srv/secret" dev="vda" ino=25976',
};
const others: Denied[] = [
  { source: "tenant0001_t:s0:c1", target: "tenant0001_vol_t:s0:c2" },
  { source: "daemon_t", target: "spool_t" },
  { source: "tenant0003_t", target: "tenant0003_vol_t", permissions: "lock" },
  { source: "gone_t", target: "etc_t" },
  { source: "daemon_t", target: "unlabeled_t", fields: 'path="/etc/selinux/config"' },
];

const scrollsSideways = ({ page }: Visit) =>
  page.evaluate(() => document.documentElement.scrollWidth > document.documentElement.clientWidth);

test("before anything was refused, the page says that this proves nothing", async () => {
  const page = await open();
  await page.sees("Nothing was refused");
  await page.sees("It is no proof that tenants are apart");
  await page.check();
  await page.screenshot("selinux-denials-none");
});

test("what is refused comes by itself, and each cause has its words", async () => {
  const page = await open();
  await page.sees("Nothing was refused");
  for (const denied of [...others, isolation, isolation]) here.bed.deny(denied);
  for (const words of [
    ...["isolation at work", "other instance", "switched off", "missing rule", "not explained"],
    ...[
      "wrong label",
      "tenant0001_t → tenant0002_vol_t",
      "1 of these is an alarm",
      "It was tried 2 times.",
    ],
  ])
    await page.sees(words);
  await page.check();
});

describe("of what was refused", () => {
  test.each([
    [1280, "light"],
    [800, "dark"],
  ] as const)("all is seen at %i pixels, %s", async (width, theme) => {
    const page = await open("", { width, theme });
    await page.sees("isolation at work");
    expect(await scrollsSideways(page)).toBe(false);
    await page.screenshot("selinux-denials");
    await details(page, "tenant0001_t", "tenant0002_vol_t");
    await page.sees("A process of one tenant reached for what is another tenant's.");
    expect(await scrollsSideways(page)).toBe(false);
    await page.check();
    await page.screenshot("selinux-denials-open");
  });

  test("isolation is an alarm for which nothing is offered, and the address keeps it open", async () => {
    const page = await open();
    await page.sees("isolation at work");
    await details(page, "tenant0001_t", "tenant0002_vol_t");
    await page.sees("nothing is offered here that would open it");
    await page.sees("/srv/secret");
    await page.sees("system_u:object_r:tenant0002_vol_t:s0");
    expect(await page.page.$$("[data-cause=isolation][data-alarm=true]")).toHaveLength(1);
    expect(await page.page.$$("[data-fix]")).toHaveLength(0);
    await page.page.reload();
    await page.sees("nothing is offered here that would open it");
    await page.page.locator("[data-cause=isolation] a").click();
    await page.sees("No rule lets tenant0001_t act on a file of tenant0002_vol_t");
  });

  test("a missing rule has a draft, with what it would open, and both can be copied", async () => {
    const page = await open("?text=tenant0003_vol_t");
    await page.sees("missing rule");
    await page.seesNot("isolation at work");
    await details(page, "tenant0003_t", "tenant0003_vol_t");
    await page.sees("(allow CONTAINER VOLUME (file (lock)))");
    await page.sees("What it would open: In the template of tenants");
    await page.sees("dsecos selinux denials --text tenant0003_vol_t");
    const copies = await page.page.$$eval("[data-fix] button", (found) =>
      found.map(({ ariaLabel }) => ariaLabel),
    );
    expect(copies).toEqual(["Copy the rule"]);
    await page.check();
    await page.screenshot("selinux-denials-rule");
  });

  test("a boolean says what else it opens", async () => {
    const page = await open("?text=spool");
    await details(page, "daemon_t", "spool_t");
    await page.sees("It opens 1 rule about 1 pair of types.");
    await page.page.focus("[data-fix] summary");
    await page.page.keyboard.press("Enter");
    await page.sees("allow daemon_t spool_t:file { read };");
    await page.check();
    await page.screenshot("selinux-denials-boolean");
  });

  test("a wrong label is restored from here, after it is shown which", async () => {
    const page = await open("?text=unlabeled_t");
    await details(page, "daemon_t", "unlabeled_t");
    await page.click("button", "Restore the label");
    await page.sees("Restore the label of 1 file?");
    await page.sees("no label → system_u:object_r:etc_t:s0");
    await page.check();
    await page.click("button", "Cancel");
  });

  test("a text that nothing has says so, and shows all again", async () => {
    const page = await open();
    await page.fill("Search in types, classes, permissions and paths", "nowhere", "searchbox");
    await page.sees("No denial matches");
    await page.page.waitForFunction(() => location.hash.endsWith("?text=nowhere"));
    await page.click("button", "Show all");
    await page.sees("isolation at work");
  });

  test("many are read page by page", async () => {
    for (let index = 0; index < 22; index++)
      here.bed.deny({ source: `old${index}_t`, target: "etc_t" });
    const page = await open("?rows=20");
    await page.sees("20 kinds on this page");
    await page.click("button", "Older denials");
    await page.sees("isolation at work");
    await page.click("button", "Newer denials");
    await page.sees("old21_t");
    await page.seesNot("isolation at work");
  });

  test("reads from right to left", async () => {
    const page = await open("?text=tenant0002", { width: 800 });
    await page.sees("isolation at work");
    await page.page.evaluate(() => {
      document.documentElement.dir = "rtl";
    });
    await details(page, "tenant0001_t", "tenant0002_vol_t");
    await page.sees("/srv/secret");
    expect(await scrollsSideways(page)).toBe(false);
    await page.check();
    await page.screenshot("selinux-denials-rtl");
  });

  test("a viewer reads who may see it, and asks for nothing", async () => {
    const page = await open("", { role: "viewer" });
    await page.sees("You may not see this");
    await page.sees("This needs the group dsecos-operator or dsecos-officer or dsecos-auditor.");
    await page.check();
  });
});

/** Opens a row by keyboard. */
async function details({ page }: Visit, source: string, target: string): Promise<void> {
  const name = `Details of ${source} about file of ${target}`;
  const button = await page.waitForSelector(`button[aria-label="${name}"]`);
  await button?.focus();
  await page.keyboard.press("Enter");
  await page.waitForSelector(`button[aria-label="${name}"][aria-expanded=true]`);
}
