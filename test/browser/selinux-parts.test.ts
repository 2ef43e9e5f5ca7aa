/** Tenants, labels, settings and policies on the page, with a policy that the agent reads as loaded. */
import { expect, test, vi } from "vitest";
import { pagePolicy } from "../lib/page-policy.ts";
import { type Visit, visit, withBrowser } from "./harness.ts";
import { withPolicy } from "./selinux-bed.ts";

vi.setConfig({ testTimeout: 120_000 });

withBrowser();
withPolicy(pagePolicy(70));

const open = (address: string, options: Parameters<typeof visit>[1] = {}) =>
  visit(`selinux.html#/${address}`, { role: "officer", ...options });

const scrollsSideways = ({ page }: Visit) =>
  page.evaluate(() => document.documentElement.scrollWidth > document.documentElement.clientWidth);

test.each([
  ["tenants", "No slot reaches another: of 4,830 possible ways"],
  ["labels", "files have wrong labels"],
  ["settings", "Booleans (2)"],
  ["policies", "No policy was built yet"],
] as const)("%s fits a narrow, dark window that reads from right to left", async (tab, sight) => {
  const page = await open(tab, { width: 800, theme: "dark" });
  await page.sees(sight);
  expect(await scrollsSideways(page)).toBe(false);
  await page.screenshot(`selinux-${tab}`);
  await page.page.evaluate(() => {
    document.documentElement.dir = "rtl";
  });
  expect(await scrollsSideways(page)).toBe(false);
  await page.check();
});

test("slots are found, sorted and turned page by page, all in the address", async () => {
  const page = await open("tenants?rows=50");
  await page.sees("70, of which ");
  await page.sees("449 of 65,535");
  await page.sees("50 of 70");
  await page.click("button", "Next page");
  await page.sees("20 of 70");
  await page.sees("tenant0070_vol_t");
  await page.click("button", "Slot");
  await page.sees("50 of 70");
  await page.page.waitForFunction(() => location.hash.includes("sort=-slot"));
  expect((await page.rows())[0]).toBe("tenant0070");
  await page.fill("Search in names of tenants and types", "tenant0070_img", "searchbox");
  await page.waitForRows(["tenant0070"]);
  await page.screenshot("selinux-tenants");
  await page.page.select("select[aria-label='Which slots']", "used");
  await page.sees("No slot matches");
});

test("labels are checked anew, and restored where somebody chose them", async () => {
  const page = await open("labels");
  await page.sees("/etc/selinux/config");
  await page.screenshot("selinux-labels");
  await page.click("button", "Check now");
  await page.sees("by dsecos-test-officer, in");
  await page.page.locator("input[aria-label='Select /etc/selinux/config']").click();
  await page.click("button", "Restore 1 label");
  await page.sees("Restore the label of 1 file?");
  await page.sees("dsecos selinux restore /etc/selinux/config");
  await page.check();
  await page.screenshot("selinux-labels-restore");
  await page.click("button", "Restore");
  await page.page.waitForFunction(() =>
    document
      .querySelector(".ds-job-succeeded")
      ?.textContent?.includes("Restore the label of /etc/selinux/config"),
  );
  await page.click("button", "Check now");
  await page.sees("6 files have wrong labels.");
});

test("a boolean is asked for only after it is said what it opens", async () => {
  const page = await open("settings?text=off");
  await page.sees("Booleans (1)");
  await page.click("button", "Switch on off");
  await page.sees("What it opens");
  await page.sees("allow daemon_t spool_t:file { read };");
  await page.sees("dsecos selinux set-boolean off");
  await page.check();
  await page.screenshot("selinux-settings-boolean");
  await page.click("button", "Ask for it");
  await page.sees("waits for a second person");
  await page.check();
  await page.click("button", "Withdraw");
  await page.page.waitForFunction(() => !document.querySelector("[data-request]"));
});

test("a viewer sees what is set, and reads why not to set it", async () => {
  const page = await open("settings", { role: "viewer" });
  await page.sees("Booleans (2)");
  const button = await page.page.waitForSelector("button[aria-label='Switch on off']");
  await page.page.waitForFunction((one) => one?.ariaDisabled === "true", {}, button);
  await button?.focus();
  await page.sees("This needs the group dsecos-officer. You are in: dsecos-viewer.");
  await page.page.evaluate(() => {
    location.hash = "#/labels";
  });
  await page.sees("Labels tell which files and processes a tenant has.");
  await page.page.evaluate(() => {
    location.hash = "#/policies";
  });
  await page.sees("No policy was built yet");
  await page.check();
});
