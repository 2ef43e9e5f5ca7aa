import { beforeAll, describe, expect, test } from "vitest";
import { visit, withBrowser } from "./harness.ts";
import { createInstances, createTenant, finished, removeTenant, withStaff } from "./people.ts";

const first = ["archives", "health", "justice", "mod-defense", "transport", "weather"];

const staff = withStaff();
withBrowser();

describe("before there is any tenant", () => {
  test("the page explains what a tenant is", async () => {
    const page = await visit("tenants.html");
    await page.sees("No tenant yet");
    await page.check();
    await page.screenshot("tenants-empty");
  });

  test("the first tenant is created with the keyboard alone", async () => {
    const page = await visit("tenants.html");
    await page.sees("No tenant yet");
    const { keyboard } = page.page;
    const focused = () => page.page.evaluate(() => document.activeElement?.textContent ?? "");
    // What a person may do is known a little later than what there is.
    await page.page.waitForSelector(".pf-v6-c-button.pf-m-primary:not([aria-disabled=true])");
    for (let steps = 0; (await focused()) !== "Create a tenant"; steps += 1) {
      expect(steps, "Tab reaches the button").toBeLessThan(20);
      await keyboard.press("Tab");
    }
    await keyboard.press("Enter");
    await page.sees("Display name");
    await keyboard.type("mod-defense");
    await keyboard.press("Tab");
    await keyboard.down("Control");
    await keyboard.press("a");
    await keyboard.up("Control");
    await keyboard.type("defense_t");
    await keyboard.press("Tab");
    await keyboard.type("Ministry of Defense");
    for (const text of ["128", "1TB", "50TB"]) {
      await keyboard.press("Tab");
      await keyboard.type(text);
    }
    await keyboard.press("Enter");
    await page.waitForRows(["mod-defense"]);
    await page.sees("Ministry of Defense was created");
    await page.sees("0 of 128");
  });
});

describe("the table", () => {
  beforeAll(async () => {
    await createTenant(staff.operator, "health", { classification: "restricted" });
    await createTenant(staff.operator, "transport", { jurisdiction: "DE", cpu: "8" });
    await createTenant(staff.operator, "archives", { classification: "unclassified", cpu: "4" });
    await createTenant(staff.operator, "weather", { jurisdiction: "EU" });
    await createTenant(staff.operator, "justice", { classification: "top-secret" });
  });

  test.each([
    [1280, "light"],
    [1280, "dark"],
    [800, "light"],
    [800, "dark"],
  ] as const)("is accessible at %i pixels, %s", async (width, theme) => {
    const page = await visit("tenants.html", { width, theme });
    await page.waitForRows(first);
    await page.page.waitForSelector(".ds-banner");
    await page.check();
    await page.screenshot("tenants");
  });

  test("filters, sorts and pages, and the address brings it all back", async () => {
    const page = await visit("tenants.html");
    await page.waitForRows(first);
    await page.click("button", "Jurisdiction");
    await page.click("menuitemcheckbox", "DE");
    await page.waitForRows(["transport"]);
    await page.page.keyboard.press("Escape");
    await page.click("button", "Remove the filter “DE”");
    await page.waitForRows(first);
    await page.fill("Search in name, domain and contacts", "ministry defense", "searchbox");
    await page.waitForRows(["mod-defense"]);
    await page.check();
    await page.page.reload();
    await page.waitForRows(["mod-defense"]);
    await page.click("button", "Clear all filters");
    await page.waitForRows(first);
    await page.click("button", "CPU promised");
    await page.page.waitForFunction(() => location.hash.includes("sort=cpu"));

    const linked = await visit("tenants.html#/?sort=-name&rows=2&page=3");
    await linked.waitForRows(["health", "archives"]);
    await linked.click("button", "Previous page");
    await linked.waitForRows(["mod-defense", "justice"]);
  });

  test("says so when nothing matches", async () => {
    const page = await visit("tenants.html#/?search=nobody");
    await page.sees("No tenant matches");
    await page.check();
  });

  test("shows what was created elsewhere without a reload", async () => {
    const page = await visit("tenants.html");
    await page.waitForRows(first);
    await createTenant(staff.operator, "customs");
    await page.waitForRows(["archives", "customs", ...first.slice(1)]);
    await removeTenant(staff.operator, staff.officer, "customs");
    await page.waitForRows(first);
  });

  test("suspends and resumes a selection", async () => {
    const page = await visit("tenants.html#/?search=t");
    await page.page.waitForSelector("[data-row=health]");
    for (const name of ["health", "transport"]) {
      await page.page.locator(`[data-row=${name}] input`).click();
    }
    await page.click("button", "2 chosen");
    await page.check();
    await page.click("menuitem", "Suspend");
    await page.page.waitForFunction(
      () => document.querySelectorAll("tr[data-row] .pf-m-orange").length >= 2,
    );
    await page.click("button", "2 chosen");
    await page.click("menuitem", "Resume");
    await page.page.waitForFunction(() =>
      ["health", "transport"].every((name) =>
        document.querySelector(`[data-row=${name}] [data-column=state] .pf-m-green`),
      ),
    );
  });

  test("tells a viewer why a button cannot be used", async () => {
    const page = await visit("tenants.html", { role: "viewer" });
    await page.waitForRows(first);
    const button = await page.page.waitForSelector("button[aria-disabled=true]");
    await page.page.waitForFunction(() =>
      document.body.textContent?.includes("This needs the group dsecos-operator."),
    );
    await button?.hover();
    await page.sees("You are in: dsecos-viewer.");
    await page.check();
    await page.openMenu("health");
    await page.sees("This needs the group dsecos-operator or dsecos-officer.");
    await page.check();
  });
});

describe("dialogs", () => {
  test("say what is wrong as one types, in the contract's words", async () => {
    const page = await visit("tenants.html");
    await page.waitForRows(first);
    await page.click("button", "Create a tenant");
    await page.fill("Name", "Bad Name");
    await page.sees("A tenant's name has 2 to 40 characters");
    await page.fill("RAM", "lots");
    await page.sees("RAM is a whole number with a unit");
    await page.check();
    await page.screenshot("tenants-create-problems");
    await page.fill("Name", "mod-defense");
    await page.fill("SELinux domain", "other_t");
    await page.fill("CPU cores", "4");
    await page.fill("RAM", "8GiB");
    await page.fill("Storage", "100GiB");
    await page.sees("dsecos tenants create mod-defense --domain other_t");
    await page.screenshot("tenants-create");
    await page.click("button", "Create");
    await page.sees("mod-defense");
    await page.page.waitForSelector(".ds-dialog-failure");
    await page.check();
    await page.page.keyboard.press("Escape");
    await page.page.waitForFunction(
      () => document.activeElement?.textContent === "Create a tenant",
    );
  });

  test("change only what differs", async () => {
    const page = await visit("tenants.html#/weather");
    await page.sees("Promised of the quota");
    await page.click("button", "Actions");
    await page.click("menuitem", "Edit");
    await page.fill("CPU cores", "24");
    await page.sees("dsecos tenants change weather --cpu 24");
    await page.click("button", "Save");
    await page.sees("0 of 24");
    await page.check();
  });
});

describe("one tenant", () => {
  beforeAll(async () => {
    await finished(staff.operator, await createInstances(staff.operator, "mod-defense", "web", 2));
  });

  test.each([
    ["", "Promised of the quota"],
    ["/instances", "web-002"],
    ["/images", "debian-13"],
    ["/record", "tenants.Create"],
  ])("its part “%s” is accessible", async (part, text) => {
    for (const theme of ["light", "dark"] as const) {
      for (const width of [1280, 800]) {
        const page = await visit(`tenants.html#/mod-defense${part}`, { theme, width });
        await page.sees(text);
        await page.page.waitForSelector(".ds-banner");
        if (theme === "light") await page.check();
        await page.screenshot(`tenant${part.replace("/", "-")}`);
      }
    }
  });

  test("shows live use, and the console's text", async () => {
    const page = await visit("tenants.html#/mod-defense/instances");
    await page.sees("web-001");
    await page.page.waitForFunction(() =>
      document.querySelector(".ds-chart-line")?.getAttribute("d"),
    );
    await page.openMenu("web-001");
    await page.click("menuitem", "Show console log");
    await page.page.waitForSelector("pre.ds-log");
    await page.check();
  });

  test("progress of a job is found again after a reload", async () => {
    const page = await visit("tenants.html#/mod-defense/instances");
    await page.sees("web-001");
    await page.click("button", "Create instances");
    await page.page.waitForSelector("option[value=debian-13]");
    await page.fill("Name", "farm");
    const count = await page.page.waitForSelector("input[type=number]");
    await count?.click({ count: 3 });
    await count?.type("6");
    await page.fill("RAM of each", "64MiB");
    await page.fill("Disk of each", "256MiB");
    await page.check();
    await page.click("button", "Create");
    await page.page.waitForSelector("[data-job] [role=progressbar]");
    await page.page.reload();
    const job = await page.page.waitForSelector("[data-job] [role=progressbar]");
    expect(await job?.evaluate((bar) => bar.getAttribute("aria-label"))).toContain("farm");
    await page.screenshot("job");
    await page.page.waitForSelector(".ds-job-succeeded", { timeout: 50_000 });
    await page.sees("farm-006");
  }, 120_000);

  test("a tenant that is not there says so", async () => {
    const page = await visit("tenants.html#/no-such-tenant");
    await page.sees("Try again");
    await page.check();
  });
});

test("deletion needs a second person", async () => {
  await createTenant(staff.operator, "passports");
  const asking = await visit("tenants.html");
  await asking.page.waitForSelector("[data-row=passports]");
  await asking.openMenu("passports");
  await asking.click("menuitem", "Delete");
  await asking.check();
  await asking.click("button", "Ask for deletion");
  await asking.sees("waits for a second person");
  await asking.check();
  const own = await asking.page.$eval(".ds-approval button", (button) => button.ariaDisabled);
  expect(own).toBe("true");

  const deciding = await visit("overview.html", { role: "officer" });
  await deciding.sees("waits for a second person");
  await deciding.click("button", "Approve");
  await deciding.sees("SHA3-512");
  await deciding.sees("passports");
  await deciding.check();
  await deciding.screenshot("approve");
  await deciding.click("button", "Approve exactly this");
  await deciding.sees("can carry it out now");

  await asking.click("button", "Carry out now");
  await asking.page.waitForSelector("[data-row=passports] [data-column=state] .pf-m-red");
  await asking.openMenu("passports");
  await asking.click("menuitem", "Restore");
  await asking.page.waitForSelector("[data-row=passports] [data-column=state] .pf-m-green");
});
