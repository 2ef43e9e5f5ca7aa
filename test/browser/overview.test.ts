import { expect, test } from "vitest";
import { createStack } from "../../packaging/setup/stack.js";
import { visit, withBrowser } from "./harness.ts";

withBrowser();

test.each([
  [1280, "light"],
  [1280, "dark"],
  [800, "light"],
  [800, "dark"],
] as const)("is accessible at %i pixels, %s", async (width, theme) => {
  const page = await visit("overview.html", { width, theme });
  await page.sees("What can be relied on");
  await page.sees("Your latest acts");
  await page.page.waitForSelector(".ds-count strong");
  await page.page.waitForSelector("[data-ends]");
  await page.page.waitForSelector("[data-sites]");
  await page.check();
  await page.screenshot("overview");
});

test("shows each weakness with its command, and nothing dismisses it", async () => {
  const page = await visit("overview.html");
  await page.page.waitForSelector(".ds-banner");
  const before = await page.page.$eval(".ds-banner strong", (text) => text.textContent);
  await page.page.locator(".ds-banner summary").click();
  await page.page.waitForSelector(".ds-banner li code");
  await page.check();
  expect(await page.page.$$(".ds-banner [aria-label^=Close]")).toHaveLength(0);
  await page.page.reload();
  await page.page.waitForSelector(".ds-banner");
  expect(await page.page.$eval(".ds-banner strong", (text) => text.textContent)).toBe(before);
});

test("shows everybody's acts to an auditor", async () => {
  const page = await visit("overview.html", { role: "auditor" });
  await page.sees("Latest acts");
  await page.check();
});

test("help shows the command that does the same", async () => {
  const page = await visit("overview.html");
  await page.click("button", "About this page");
  await page.sees("dsecos node show");
  await page.check();
  await page.page.keyboard.press("Escape");
  await page.seesNot("dsecos node show");
  const focused = await page.page.evaluate(() => document.activeElement?.ariaLabel);
  expect(focused).toBe("About this page");
});

test("who may only look sees what ends soon, and the command that tells the same", async () => {
  const page = await visit("overview.html", { role: "viewer" });
  await page.page.waitForSelector("[data-ends]");
  await page.click("button", "About what ends soon");
  await page.sees("dsecos node expiring");
  await page.check();
});

test("follows the language's direction", async () => {
  const page = await visit("overview.html");
  await page.sees("What can be relied on");
  await page.page.evaluate(() => {
    document.documentElement.dir = "rtl";
  });
  const wider = await page.page.evaluate(
    () => document.documentElement.scrollWidth > document.documentElement.clientWidth,
  );
  expect(wider, "scrolls sideways").toBe(false);
  await page.check();
  await page.screenshot("overview-rtl");
});

test("says that the agent is gone, and comes back by itself", async () => {
  const stateDirectory = process.env.DSECOS_TEST_STATE ?? "";
  const stack = createStack({
    mode: "private",
    stateDirectory,
    components: ["bus", "polkit", "policies", "incus", "agent"],
  });
  const agent = stack.component("agent");
  const open = await visit("tenants.html");
  await open.page.waitForSelector(".ds-banner");
  try {
    await agent.stop();
    await open.sees("The agent of this node does not answer.");
    const fresh = await visit("tenants.html");
    await fresh.sees("The DsecOS agent does not run on this node.");
    await fresh.sees("systemctl start dsecos-agent.service");
    await fresh.check();
    await fresh.screenshot("agent-gone");
    await agent.start();
    await open.seesNot("The agent of this node does not answer.", 30_000);
    await fresh.seesNot("The DsecOS agent does not run on this node.", 30_000);
  } finally {
    if (!(await agent.isRunning())) await agent.start();
  }
});
