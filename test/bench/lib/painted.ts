/** When a page of the console first shows something: from the start of the navigation until it is painted. */
import { setTimeout as delay } from "node:timers/promises";
import type { Page } from "puppeteer-core";
import { until } from "../../../packaging/setup/lib/wait.js";

const settleMs = 1000;
const patienceSeconds = 30;

/**
 * In a fresh page of the same session.
 * @param selector of what has to be there and seen
 * @returns milliseconds
 */
export async function firstPaint(
  neighbour: Page,
  address: string,
  selector: string,
): Promise<number> {
  const page = await neighbour.browserContext().newPage();
  try {
    // What the page before had open is closed by then.
    await delay(settleMs);
    await page.bringToFront();
    await page.setViewport({ width: 1280, height: 900 });
    await page.evaluateOnNewDocument(watch, selector);
    await page.goto(address, { waitUntil: "domcontentloaded", timeout: 60_000 });
    const painted = () => page.evaluate(() => window.firstPaintedMs);
    return await until(`${selector} on ${address}`, patienceSeconds, painted, 100);
  } finally {
    await page.close();
  }
}

/** Runs in the page: looks at every frame, and notes when the one with the element was painted. */
function watch(selector: string): void {
  const look = () => {
    const found = document.querySelector(selector);
    if (found === null || found.getClientRects().length === 0) {
      requestAnimationFrame(look);
      return;
    }
    // Frames are painted after their callbacks, before the next task.
    setTimeout(() => {
      window.firstPaintedMs = performance.now();
    });
  };
  requestAnimationFrame(look);
}

declare global {
  interface Window {
    /** Milliseconds since the navigation's start. */
    firstPaintedMs?: number;
  }
}
