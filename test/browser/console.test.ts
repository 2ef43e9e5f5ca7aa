/** A console in the page: typing, what is refused, the end, and once more. */
import { execFileSync } from "node:child_process";
import type { Page } from "puppeteer-core";
import { afterAll, expect, test } from "vitest";
import { type Visit, visit, withBrowser } from "./harness.ts";
import { withTenant } from "./people.ts";

const tenant = "console-page";
const address = `console.html#/${tenant}/web`;

withBrowser();
withTenant(tenant, ["web", 1]);

const incus = (...args: string[]) =>
  execFileSync("incus", args, { encoding: "utf8", timeout: 60_000 });

// The page can only say that an instance does not run; Incus still knows how it ended.
afterAll(() => {
  const told = incus("info", `--project=${tenant}`, "web", "--show-log");
  if (!told.includes("Status: RUNNING")) console.error(told.slice(-4000));
});

/** Text on the screen of the terminal, as a person sees it. */
function screen({ page }: Visit): Promise<string> {
  return page.$eval(".xterm-rows", (rows) => rows.textContent ?? "");
}

async function shows(page: Visit, pattern: RegExp): Promise<void> {
  await expect.poll(() => screen(page), { timeout: 30_000 }).toMatch(pattern);
}

/** Types now and then: a login program that is just starting throws away what came before. */
async function typeUntil(page: Visit, keys: string, pattern: RegExp): Promise<void> {
  const type = async () => {
    await page.page.keyboard.type(keys);
    return screen(page);
  };
  await expect.poll(type, { timeout: 30_000, interval: 3000 }).toMatch(pattern);
}

async function openConsole(width = 1280, theme: "light" | "dark" = "light"): Promise<Visit> {
  const page = await visit(address, { width, theme });
  await page.sees("Connected.");
  await typeUntil(page, "\r", /login:|Password:/);
  return page;
}

test.each([
  [1280, "light"],
  [1280, "dark"],
  [800, "light"],
  [800, "dark"],
] as const)("is accessible at %i pixels, %s", async (width, theme) => {
  const page = await openConsole(width, theme);
  await page.check();
  await page.screenshot("console");
});

test("is typed into, left by F6, ended, and connected again", async () => {
  const page = await openConsole();
  await typeUntil(page, "nobody-here\r", /Password:/);
  await page.page.keyboard.press("F6");
  const focused = await page.page.evaluate(() => document.activeElement?.textContent);
  expect(focused).toBe("Disconnect");
  await page.page.keyboard.press("Enter");
  await page.sees("The console has ended.");
  await page.check();
  await page.click("button", "Connect again");
  await page.sees("Connected.");
});

test("opens in a tab of its own from the instances of a tenant", async () => {
  const list = await visit(`tenants.html#/${tenant}/instances`);
  const popup = new Promise<Page | null>((resolve) => list.page.once("popup", resolve));
  await list.openMenu("web");
  await list.click("menuitem", "Open console");
  const tab = await popup;
  await tab?.waitForSelector("[data-state=connected]");
  expect(await tab?.title()).toBe("Console of web - DsecOS");
  await tab?.close();
});

test("colours of all kinds reach the screen under the content security policy", async () => {
  const page = await openConsole();
  const text = "\\033[32mgreen\\033[0m \\033[38;2;90;20;200mviolet\\033[0m";
  const print = ["sh", "-c", `printf '${text}' > /dev/console`];
  incus("exec", `--project=${tenant}`, "web", "--", ...print);
  await shows(page, /green\sviolet/);
  const colours = await page.page.$$eval(".xterm-rows, .xterm-rows span", (spans) =>
    spans
      .filter(({ className, textContent }) =>
        /^(green|violet)$|rows/.test(className.includes("rows") ? "rows" : (textContent ?? "")),
      )
      .map((span) => getComputedStyle(span).color),
  );
  expect(new Set(colours).size, String(colours)).toBe(3);
  expect(colours).toContain("rgb(90, 20, 200)");
});

test("a viewer reads why not", async () => {
  const page = await visit(address, { role: "viewer" });
  await page.sees("It needs the group dsecos-operator.");
  await page.check();
});
