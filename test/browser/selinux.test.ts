/**
 * The page of SELinux on this machine, whose kernel has no policy loaded. What it shows of proofs is
 * in the unit tests, with real ones of small policies.
 */
import { existsSync } from "node:fs";
import { describe, expect, test, vi } from "vitest";
import { createStack } from "../../packaging/setup/stack.js";
import { type Visit, visit, withBrowser } from "./harness.ts";

// Each visit looks at a page in both themes.
vi.setConfig({ testTimeout: 120_000 });

withBrowser();

const officer = (address = "", options: Parameters<typeof visit>[1] = {}) =>
  visit(`selinux.html#/${address}`, { role: "officer", ...options });

const inactive = !existsSync("/sys/fs/selinux/policy");
const notActive = "SELinux is not active on this node";

const scrollsSideways = ({ page }: Visit) =>
  page.evaluate(() => document.documentElement.scrollWidth > document.documentElement.clientWidth);

describe.runIf(inactive)("where no policy is loaded", () => {
  test.each([
    [1280, "light"],
    [1280, "dark"],
    [800, "light"],
    [800, "dark"],
  ] as const)(
    "the page says at %i pixels, %s, what that means and what to do",
    async (width, theme) => {
      const page = await officer("", { width, theme });
      await page.sees(notActive);
      await page.sees("Whoever finds one hole there");
      await page.sees("dsecos selinux prove --policy FILE");
      await page.page.waitForSelector("[data-check=now][data-verdict=bad]");
      expect(await page.page.$$("[data-state=inactive]")).toHaveLength(1);
      expect(await scrollsSideways(page)).toBe(false);
      await page.check();
      await page.screenshot("selinux");
    },
  );

  test("nothing is called proved, and a file can be", async () => {
    const page = await officer("proof");
    await page.sees("There is no loaded policy to prove");
    await page.seesNot("Proved");
    await page.check();
    await page.screenshot("selinux-proof");
  });

  test.each([
    ["denials", "That this list is empty says nothing about what was tried."],
    ["tenants", "No policy is loaded, so there are none."],
    ["labels", "Labels were not checked yet."],
    ["settings", "No policy was found"],
    ["policies", "No policy was built yet"],
  ])("%s says what that means, and nothing is green", async (tab, sight) => {
    const page = await officer(tab);
    await page.sees(sight);
    expect(await page.page.$$("main .pf-m-green")).toHaveLength(0);
    await page.check();
  });

  test.each(["officer", "auditor"] as const)("an %s proves, and reads why not", async (role) => {
    const page = await officer("", { role });
    await page.sees(notActive);
    await page.click("button", "Prove now");
    await page.page.waitForSelector(".ds-job-failed");
    const told = await page.page.$eval(".ds-job-failed", (job) => job.textContent ?? "");
    expect(told).toContain("SELinux is not active on this machine");
    // The verdict tells of the newest try too, with who made it.
    await page.sees(`by dsecos-test-${role}: it broke off`);
    await page.sees(notActive);
    await page.check();
    await page.screenshot("selinux-failed");
    await page.page.locator("[data-job] button[aria-label^=Dismiss]").click();
    await page.page.waitForFunction(() => !document.querySelector(".ds-job-failed"));
  });

  test("a question stands in the address, and is answered by a command for a file", async () => {
    const page = await officer("why");
    await page.fill("Source type", "tenant0001_t");
    await page.fill("Target type", "no type");
    await page.sees("A name of the policy has letters, digits and underscores.");
    await page.check();
    const button = await page.page.waitForSelector("::-p-aria([role='button'][name='Explain'])");
    await button?.hover();
    await page.sees("All three names are needed.");
    await page.fill("Target type", "tenant0002_vol_t");
    await page.fill("Class", " file ");
    await page.page.keyboard.press("Enter");
    await page.page.waitForFunction(() =>
      location.hash.endsWith("why?source=tenant0001_t&target=tenant0002_vol_t&class=file"),
    );
    await page.sees("dsecos selinux why tenant0001_t tenant0002_vol_t file --policy FILE");
    await page.check();
    await page.screenshot("selinux-why");
    await page.page.reload();
    await page.sees("dsecos selinux why tenant0001_t tenant0002_vol_t file --policy FILE");
    const typed = await page.page.$$eval("form input", (fields) =>
      fields.map(({ value }) => value),
    );
    expect(typed).toEqual(["tenant0001_t", "tenant0002_vol_t", "file"]);
  });

  test("the page reads from right to left", async () => {
    const page = await officer("", { width: 800 });
    await page.sees(notActive);
    await page.page.evaluate(() => {
      document.documentElement.dir = "rtl";
    });
    expect(await scrollsSideways(page)).toBe(false);
    await page.check();
    await page.screenshot("selinux-rtl");
  });
});

test("whoever doubts finds the commands with the keyboard alone", async () => {
  const page = await officer();
  await page.page.waitForSelector(".se-doubt summary");
  await page.page.focus(".se-doubt summary");
  await page.page.keyboard.press("Enter");
  await page.sees("sha256sum /sys/fs/selinux/policy");
  await page.sees("dsecos selinux prove --policy /sys/fs/selinux/policy");
  const copies = await page.page.$$(".se-doubt button[aria-label='Copy the command']");
  expect(copies).toHaveLength(3);
  await page.check();
});

test("who may only look reads why not to prove", async () => {
  const page = await officer("", { role: "viewer" });
  const button = await page.page.waitForSelector("::-p-aria([role='button'][name='Prove now'])");
  await page.page.waitForFunction((one) => one?.ariaDisabled === "true", {}, button);
  // Not by the pointer: the banner that comes late moves the button away from it.
  await button?.focus();
  await page.sees(
    "This needs the group dsecos-officer or dsecos-auditor. You are in: dsecos-viewer.",
  );
  await page.check();
});

test("who is in no group reads which groups there are", async () => {
  const page = await officer("", { role: "nobody" });
  await page.sees("You may not see this");
  await page.sees("usermod --append --groups dsecos-viewer");
  expect(await page.page.$$(".ds-loading, .se-verdict, .pf-v6-c-tabs")).toHaveLength(0);
  await page.check();
});

test("help says what this is, with the commands that do the same", async () => {
  const page = await officer();
  await page.click("button", "About SELinux");
  await page.sees("dsecos selinux show");
  await page.sees("dsecos selinux why tenant0001_t tenant0002_vol_t file");
  await page.check();
});

test("nothing that is old is called known, and the page comes back by itself", async () => {
  const stateDirectory = process.env.DSECOS_TEST_STATE ?? "";
  const stack = createStack({
    ...{ mode: "private", stateDirectory },
    components: ["bus", "polkit", "policies", "incus", "agent"],
  });
  const agent = stack.component("agent");
  const open = await officer();
  await open.page.waitForSelector(".se-verdict");
  const before = await open.page.$eval(".se-verdict", (found) => found.getAttribute("data-state"));
  try {
    await agent.stop();
    await open.page.waitForSelector(".se-verdict[data-state=old]");
    const fresh = await officer();
    await fresh.sees("The DsecOS agent does not run on this node.");
    await fresh.check();
    await agent.start();
    await open.page.waitForSelector(`.se-verdict[data-state=${before}]`);
    await fresh.page.waitForSelector(".se-verdict");
  } finally {
    if (!(await agent.isRunning())) await agent.start();
  }
});

test("the overview leads here", async () => {
  const page = await visit("overview.html", { role: "officer" });
  await page.sees("What is proved of the policy, and by which rules");
  await page.page.locator("[data-check=selinux] a").click();
  await page.page.waitForFunction(() => location.pathname.endsWith("/selinux.html"));
  await page.page.waitForSelector(".se-verdict");
});
