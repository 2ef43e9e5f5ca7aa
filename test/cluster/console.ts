/** Cockpit in Chromium, as a person uses it: through the login page. */
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import puppeteer, { type Browser, type Frame, type Page } from "puppeteer-core";
import { clickSurely } from "../lib/clicks.ts";

const flags = [
  "--no-sandbox",
  "--disable-gpu",
  "--disable-quic",
  "--no-first-run",
  "--disable-background-networking",
  "--disable-component-update",
  "--disable-sync",
];

export class Console {
  readonly #profile: string;
  readonly #browser: Browser;
  readonly page: Page;
  /** What our pages said on the browser's console that nobody expects; Cockpit's own have theirs. */
  readonly complaints: string[] = [];

  private constructor(profile: string, browser: Browser, page: Page) {
    this.#profile = profile;
    this.#browser = browser;
    this.page = page;
    page.on("console", (message) => {
      const ours = message.location().url?.includes("/dsecos/") ?? false;
      if (ours && ["error", "warn"].includes(message.type())) this.complaints.push(message.text());
    });
    page.on("pageerror", (error) => {
      const trace = error instanceof Error ? (error.stack ?? error.message) : String(error);
      if (trace.includes("/dsecos/")) this.complaints.push(trace);
    });
  }

  static async open(): Promise<Console> {
    const profile = mkdtempSync(join(tmpdir(), "dsecos-chromium-"));
    const browser = await puppeteer.launch({
      executablePath: "/usr/bin/chromium",
      args: flags,
      userDataDir: profile,
      // The node made its certificate itself.
      acceptInsecureCerts: true,
      defaultViewport: { width: 1280, height: 900 },
      protocolTimeout: 60_000,
    });
    return new Console(profile, browser, await browser.newPage());
  }

  /** May be called again. */
  async close(): Promise<void> {
    await this.#browser.close();
    rmSync(this.#profile, { recursive: true, force: true });
  }

  /** Logs in, and returns when Cockpit's shell is there. */
  async login(address: string, user: string, password: string): Promise<void> {
    await this.page.goto(address, { waitUntil: "load", timeout: 30_000 });
    await this.page.locator("#login-user-input").setTimeout(20_000).fill(user);
    await this.page.locator("#login-password-input").fill(password);
    await this.page.locator("#login-button").click();
    await this.page.waitForSelector("#nav-system-menu, #host-apps", { timeout: 30_000 });
  }

  /** Opens one of our pages in the shell and gives its frame. */
  async open(path: string): Promise<Frame> {
    const address = new URL(path, this.page.url()).href;
    await this.page.goto(address, { waitUntil: "load", timeout: 30_000 });
    const selector = `iframe[name="cockpit1:localhost${new URL(address).pathname}"]`;
    const element = await this.page.waitForSelector(selector, { timeout: 30_000 });
    const frame = await element?.contentFrame();
    if (!frame) throw new Error(`the shell shows no frame for ${path}`);
    return frame;
  }
}

/** Clicks the element of that role with exactly this accessible name, once it can be used. */
export function click(page: Frame, role: "button" | "link", name: string): Promise<void> {
  return clickSurely(page, `::-p-aria([role="${role}"][name="${name}"])`);
}

export async function fill(page: Frame, label: string, text: string): Promise<void> {
  await page.locator(`::-p-aria([name="${label}"][role="textbox"])`).fill(text);
}

/** Fills the form on the page of tenants, and lets it be created. */
export async function createTenant(page: Frame, name: string, domain = "defense_t"): Promise<void> {
  await click(page, "button", "Create a tenant");
  await fill(page, "Name", name);
  await fill(page, "SELinux domain", domain);
  await fill(page, "CPU cores", "4");
  await fill(page, "RAM", "2GiB");
  await fill(page, "Storage", "20GiB");
  await click(page, "button", "Create");
}
