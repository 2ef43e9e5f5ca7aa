/** What each kind of person is shown, and what a page says where something is not for them. */
import { describe, expect, test } from "vitest";
import { tenants } from "../../agent/tenants/contract.ts";
import { people } from "../lib/test-stack.js";
import { type Visit, visit, withBrowser } from "./harness.ts";
import { withTenant } from "./people.ts";

const tenant = "access-page";

withBrowser();
const staff = withTenant(tenant, ["web", 1]);

describe("a person in no group", () => {
  test.each([
    ["overview.html", "overview", "light"],
    ["tenants.html", "tenants", "dark"],
    [`tenants.html#/${tenant}/instances`, "tenant", "light"],
  ] as const)(
    "reads at %s which groups there are, and what to do",
    async (address, name, theme) => {
      const page = await visit(address, { role: "nobody", theme });
      await page.sees("You may not see this");
      for (const group of ["viewer", "operator", "officer", "auditor"]) {
        await page.sees(`dsecos-${group}`);
      }
      await page.sees("usermod --append --groups dsecos-viewer");
      // Nothing still waits for an answer, and no button is there that could not work.
      expect(await page.page.$$(".ds-loading, [role=progressbar], .ds-kebab")).toHaveLength(0);
      await page.check();
      await page.screenshot(`nobody-${name}`);
    },
  );
});

describe("a viewer", () => {
  const needsOperator = "This needs the group dsecos-operator. You are in: dsecos-viewer.";

  /** Names of the entries of the open menu, by whether they can be chosen. */
  async function entries({ page }: Visit): Promise<{ usable: string[]; reasons: string[] }> {
    await page.waitForSelector("[role=menuitem]");
    const usable = await page.$$eval("[role=menuitem][aria-disabled=false]", (items) =>
      items.map((item) => item.textContent ?? ""),
    );
    const reasons = await page.$$eval(
      "[role=menuitem] .pf-v6-c-menu__item-description",
      (descriptions) => descriptions.map(({ textContent }) => textContent ?? ""),
    );
    return { usable, reasons };
  }

  test("can only look at instances, and reads why", async () => {
    const page = await visit(`tenants.html#/${tenant}/instances`, { role: "viewer" });
    await page.page.waitForSelector("[data-row=web]");
    await page.page.waitForFunction(
      (reason) => document.querySelector("main")?.textContent?.includes(reason),
      {},
      needsOperator,
    );
    await page.openMenu("web");
    const { usable, reasons } = await entries(page);
    expect(usable).toEqual(["Show snapshots"]);
    expect(new Set(reasons)).toEqual(new Set([needsOperator]));
    const last = await page.page.$eval(
      ".ds-floating",
      (menu) => menu.getBoundingClientRect().bottom,
    );
    expect(last, "all of the menu is in the window").toBeLessThanOrEqual(900);
    await page.check();
    await page.screenshot("viewer-menu");
  });

  test("can only look at images, and reads why", async () => {
    const page = await visit(`tenants.html#/${tenant}/images`, { role: "viewer" });
    await page.sees("debian-13");
    const button = await page.page.waitForSelector(
      "::-p-aria([role='button'][name='Import an image'])",
    );
    await page.page.waitForFunction((one) => one?.ariaDisabled === "true", {}, button);
    await button?.hover();
    await page.sees(needsOperator);
    await page.check();
  });
});

describe("the latest acts on the overview", () => {
  const actors = ({ page }: Visit) =>
    page.$$eval("td[data-column=actor]", (cells) => cells.map((cell) => cell.textContent ?? ""));

  test("are those of all for an auditor", async () => {
    await staff.operator.call(tenants, "Change", tenant, { jurisdiction: "DE" });
    const page = await visit("overview.html", { role: "auditor" });
    await page.sees("Latest acts");
    await page.page.waitForSelector("td[data-column=actor]");
    expect(new Set(await actors(page))).toContain(people.operator);
    await page.check();
    await page.screenshot("auditor");
  });

  test("are one's own for an operator", async () => {
    const page = await visit("overview.html");
    await page.sees("Your latest acts");
    await page.page.waitForSelector("td[data-column=actor]");
    expect(new Set(await actors(page))).toEqual(new Set([people.operator]));
  });
});
