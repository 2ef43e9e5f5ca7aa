/**
 * Pages of a running Cockpit in a real browser. A visit fails on anything on the console, on page
 * errors, on failed requests, on what axe finds, and on classes whose rules the build took out.
 */
import { mkdirSync, mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import axe from "axe-core";
import puppeteer, { type Browser, type Page } from "puppeteer-core";
import { afterAll, afterEach, beforeAll, expect } from "vitest";
import { clickSurely } from "../lib/clicks.ts";

const dist = resolve(import.meta.dirname, "../../dist");
const screenshots = join(dist, "screenshots");

export type Theme = "light" | "dark";
type Role = "operator" | "viewer" | "officer" | "auditor" | "nobody";

/** Where the Cockpit listens whose every visitor has the session of that role's person. */
export function addressOf(role: Role): string {
  const address = process.env[`DSECOS_TEST_COCKPIT_${role.toUpperCase()}`];
  if (!address) throw new Error(`no Cockpit for the role ${role}: use npm test -- browser`);
  return address;
}

let browser: Browser | undefined;
const visits: Visit[] = [];

/** Starts the browser for the tests of one file, and looks after every visit of each test. */
export function withBrowser(): void {
  let profile = "";
  beforeAll(async () => {
    profile = mkdtempSync(join(tmpdir(), "dsecos-chromium-"));
    mkdirSync(screenshots, { recursive: true });
    browser = await puppeteer.launch({
      executablePath: "/usr/bin/chromium",
      userDataDir: profile,
      args: [
        "--no-sandbox",
        "--disable-gpu",
        "--disable-quic",
        "--no-first-run",
        "--disable-background-networking",
        "--disable-component-update",
        "--disable-sync",
      ],
    });
  });
  afterEach(async () => {
    const open = visits.splice(0);
    for (const visit of open) await visit.page.close();
    for (const visit of open) expect(visit.problems).toEqual([]);
  });
  afterAll(async () => {
    await browser?.close();
    rmSync(profile, { recursive: true, force: true });
  });
}

/**
 * Chromium cuts off what is on its way when an interface comes or goes on this machine, as each container
 * of a test beside it lets happen. Parts of a page are asked for again by the page itself.
 */
const networkChanged = "net::ERR_NETWORK_CHANGED";
/** What Cockpit's client leaves behind when its page is gone before its socket is open. */
const leftWhileConnecting = "WebSocket is closed before the connection is established";

interface Options {
  role?: Role;
  width?: number;
  theme?: Theme;
}

/** @param address page with its place, for example `tenants.html#/mod-defense` */
export async function visit(address: string, options: Options = {}): Promise<Visit> {
  if (!browser) throw new Error("call withBrowser() first");
  const context = await browser.createBrowserContext();
  const page = await context.newPage();
  const visited = new Visit(page);
  visits.push(visited);
  await page.setViewport({ width: options.width ?? 1280, height: 900 });
  await page.evaluateOnNewDocument(
    (theme) => localStorage.setItem("shell:style", theme),
    options.theme ?? "light",
  );
  const base = addressOf(options.role ?? "operator");
  do {
    visited.cutOff = false;
    await page.goto(`${base}/cockpit/@localhost/dsecos/${address}`);
  } while (visited.cutOff);
  return visited;
}

export class Visit {
  readonly page: Page;
  readonly problems: string[] = [];
  /** Whether something was cut off since the network changed. */
  cutOff = false;
  #expected: RegExp[] = [];

  constructor(page: Page) {
    this.page = page;
    page.setDefaultTimeout(30_000);
    page.on("console", (message) => {
      const text = message.text();
      if (text.includes(networkChanged) || text.includes(leftWhileConnecting)) return;
      this.#problem(`console ${message.type()}: ${text}`);
    });
    page.on("pageerror", (error) => this.#problem(`page error: ${String(error)}`));
    page.on("requestfailed", (request) => {
      // Cut off by a person who goes to another page before this one is whole.
      const error = request.failure()?.errorText;
      if (error === "net::ERR_ABORTED") return;
      if (error === networkChanged) {
        this.cutOff = true;
        return;
      }
      this.#problem(`failed: ${request.url()}`);
    });
    page.on("response", (response) => {
      if (response.status() >= 400) this.#problem(`${response.status()}: ${response.url()}`);
    });
  }

  #problem(text: string): void {
    if (!this.#expected.some((pattern) => pattern.test(text))) this.problems.push(text);
  }

  /** From now on this is no problem. */
  expect(pattern: RegExp): void {
    this.#expected.push(pattern);
  }

  /** Waits until the page shows the text. */
  sees(text: string, timeout = 30_000): Promise<void> {
    return this.until(`“${text}” is seen`, timeout, async () =>
      (await this.#text()).includes(text),
    );
  }

  seesNot(text: string, timeout = 30_000): Promise<void> {
    return this.until(
      `“${text}” is gone`,
      timeout,
      async () => !(await this.#text()).includes(text),
    );
  }

  /** Waits until it holds, or fails with what the page shows instead. */
  async until(what: string, timeout: number, reached: () => Promise<boolean>): Promise<void> {
    const end = Date.now() + timeout;
    while (!(await reached())) {
      if (Date.now() > end) {
        const told = [...this.problems, await this.#text()].join("\n");
        throw new Error(
          `after ${timeout} ms it does not hold that ${what}; the page says:\n${told}`,
        );
      }
      await new Promise((resolve) => setTimeout(resolve, 50));
    }
  }

  #text(): Promise<string> {
    // biome-ignore lint/performance/useDomNodeTextContent: only what can be seen counts.
    return this.page.evaluate(() => document.body.innerText);
  }

  /** Clicks the element of that role with exactly this accessible name, once it can be used. */
  async click(role: "button" | "menuitem" | "menuitemcheckbox" | "link", name: string) {
    await clickSurely(this.page, `::-p-aria([role="${role}"][name="${name}"])`);
  }

  /** Opens the menu of a row, by keyboard: under a mouse that travels, rows may move. */
  async openMenu(row: string): Promise<void> {
    const button = await this.page.waitForSelector(`[data-row=${row}] .ds-kebab`);
    await button?.focus();
    await this.page.keyboard.press("Enter");
  }

  /** Types into the field with this label, over what was there. */
  async fill(label: string, text: string, role = "textbox"): Promise<void> {
    const field = await this.page.waitForSelector(`::-p-aria([role="${role}"][name="${label}"])`);
    await field?.click({ count: 3 });
    await field?.type(text);
  }

  /** Names of the rows of the first table, in their order. */
  rows(): Promise<string[]> {
    return this.page.$$eval("tr[data-row]", (found) =>
      found.map((row) => row.getAttribute("data-row") ?? ""),
    );
  }

  waitForRows(names: string[]): Promise<void> {
    const wanted = names.join(" ");
    return this.until(`the rows are ${wanted}`, 30_000, async () => {
      return (await this.rows()).join(" ") === wanted;
    });
  }

  async screenshot(name: string): Promise<void> {
    const width = this.page.viewport()?.width ?? 0;
    const dark = await this.page.evaluate(() => {
      // Half-way through a transition a picture shows what nobody sees.
      for (const running of document.getAnimations()) {
        if (running instanceof CSSTransition) running.finish();
      }
      return document.documentElement.classList.contains("pf-v6-theme-dark");
    });
    const file = `${name}-${width}-${dark ? "dark" : "light"}.png` as const;
    await this.page.screenshot({ path: join(screenshots, file) as `${string}.png` });
  }

  /** Accessible in both themes, and with every rule that its classes have in PatternFly. */
  async check(): Promise<void> {
    await this.page.evaluate(axe.source);
    for (const dark of [false, true]) {
      const found = await this.page.evaluate(async (isDark) => {
        const root = document.documentElement.classList;
        const before = root.contains("pf-v6-theme-dark");
        root.toggle("pf-v6-theme-dark", isDark);
        // Colours in the middle of a transition would be judged wrongly.
        for (const running of document.getAnimations()) {
          if (running instanceof CSSTransition) running.finish();
        }
        const results = await window.axe.run(document, { resultTypes: ["violations"] });
        root.toggle("pf-v6-theme-dark", before);
        return results.violations.map(
          ({ id, nodes }) =>
            `${id}: ${nodes.map(({ html, failureSummary }) => `${html} ${failureSummary}`).join("; ")}`,
        );
      }, dark);
      expect(found, dark ? "axe, dark" : "axe, light").toEqual([]);
    }
    await this.#nothingPruned();
  }

  /** No rule that the build took out of the style sheet would apply to anything on the page. */
  async #nothingPruned(): Promise<void> {
    const name = /\/(\w+)\.html/.exec(this.page.url())?.[1] ?? "";
    const whole = readFileSync(join(dist, "css", `${name}.css`), "utf8");
    const kept = readFileSync(join(dist, "css", `${name}.pruned.css`), "utf8");
    const lost = await this.page.evaluate(lostRules, whole, kept);
    expect(lost, "rules that were pruned but apply").toEqual([]);
  }
}

/** Runs in the page. A variable counts only where the rest of the style sheet still asks for it. */
function lostRules(whole: string, kept: string): string[] {
  type Found = Map<string, { selector: string; property: string }>;
  const walk = (rules: CSSRuleList, context: string, found: Found) => {
    for (const rule of rules) {
      if (rule instanceof CSSStyleRule) {
        // Commas inside of :is() and :where() separate no selectors.
        for (const selector of rule.selectorText.split(/,\s*(?![^(]*\))/)) {
          for (const property of rule.style) {
            found.set(`${context} ${selector} ${property}`, { selector, property });
          }
        }
      } else if (rule instanceof CSSGroupingRule) {
        const condition = "conditionText" in rule ? String(rule.conditionText) : "";
        walk(rule.cssRules, `${context} ${condition}`, found);
      }
    }
    return found;
  };
  const parse = (css: string) => {
    const sheet = new CSSStyleSheet();
    sheet.replaceSync(css);
    return walk(sheet.cssRules, "", new Map());
  };
  const rest = parse(kept);
  const lost = [...parse(whole)].filter(
    ([key, { selector, property }]) =>
      !rest.has(key) &&
      (!property.startsWith("--") || kept.includes(`var(${property}`)) &&
      // What depends on hovering, or is drawn before or after an element, counts as if it applied.
      document.querySelector(
        selector.replace(/::[a-z-]+|:(hover|active|focus(-visible|-within)?)/g, ":is(*)"),
      ),
  );
  return lost.map(([key]) => key);
}

declare global {
  interface Window {
    axe: typeof axe;
  }
}
