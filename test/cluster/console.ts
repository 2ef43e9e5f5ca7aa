/** Cockpit in Chromium, as a person uses it: through the login page. */
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import puppeteer, { type Browser, type Frame, type Page, TimeoutError } from "puppeteer-core";
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

/**
 * The cockpit-tls of Debian 13 (337) leaves a request without an answer for 30 s now and then, once a
 * connection has carried 16 KiB: https://github.com/cockpit-project/cockpit/issues/22274, mended in 356.
 */
const hangsMs = 35_000;
const patienceMs = 90_000;

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
    page.setDefaultTimeout(patienceMs);
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
      protocolTimeout: 2 * patienceMs,
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
    await this.page.goto(address, { waitUntil: "load" });
    await this.page.locator("#login-user-input").fill(user);
    await this.page.locator("#login-password-input").fill(password);
    await this.page.locator("#login-button").click();
    await this.page.waitForSelector("#nav-system-menu, #host-apps");
  }

  /** Opens one of our pages in the shell and gives its frame. Loads it anew, as a person would, where it hangs. */
  async open(path: string): Promise<Frame> {
    const address = new URL(path, this.page.url());
    for (let attempt = 1; ; attempt++) {
      try {
        return await this.#load(address);
      } catch (cause) {
        if (!(cause instanceof TimeoutError) || attempt === 4) throw cause;
        await this.page.goto("about:blank");
      }
    }
  }

  async #load({ href, pathname }: URL): Promise<Frame> {
    const timeout = hangsMs;
    await this.page.goto(href, { waitUntil: "load", timeout });
    const selector = `iframe[name="cockpit1:localhost${pathname}"]`;
    const frame = await (await this.page.waitForSelector(selector, { timeout }))?.contentFrame();
    if (!frame) throw new Error(`the shell shows no frame for ${href}`);
    await frame.waitForSelector("#app > *", { timeout });
    return frame;
  }
}

/** Clicks the element of that role with exactly this accessible name, once it can be used. */
export function click(page: Frame, role: "button" | "link", name: string): Promise<void> {
  return clickSurely(page, `::-p-aria([role="${role}"][name="${name}"])`, patienceMs);
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
