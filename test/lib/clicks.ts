import type { Frame, Page } from "puppeteer-core";

const controls = "button, a, [role=menuitem], [role=menuitemcheckbox], [role=tab]";

const usualMs = 30_000;

/**
 * Clicks what the selector finds, once it can be used, and again where the click fell on something else:
 * what moves under the pointer gets no click, and a person clicks again then.
 * @throws where it always falls on something else, or nothing is found in time
 */
export async function clickSurely(
  page: Page | Frame,
  selector: string,
  timeoutMs = usualMs,
): Promise<void> {
  const target = page
    .locator(selector)
    .setTimeout(timeoutMs)
    .filter(
      (element) => element.ariaDisabled !== "true" && !("disabled" in element && element.disabled),
    );
  let hit: string | undefined;
  for (let attempt = 1; attempt <= 3; attempt++) {
    await page.evaluate(watchClick, controls);
    try {
      await target.click();
    } catch (cause) {
      // biome-ignore lint/performance/useDomNodeTextContent: only what can be seen counts.
      const seen = await page.evaluate(() => document.body.innerText);
      throw new Error(`${selector} cannot be clicked; the page says:\n${seen}`, { cause });
    }
    hit = await page.evaluate(() => document.body.dataset.clicked);
    // On another page there is no note.
    if (hit === "" || hit === undefined) return;
    // A short message may lie over it; it goes by itself after some seconds.
    await page.waitForFunction(
      () => document.querySelector(".pf-m-toast .pf-m-success, .pf-m-toast .pf-m-info") === null,
    );
  }
  throw new Error(`the click on ${selector} falls on something else: ${hit}`);
}

/**
 * Runs in the page: notes what the next click falls on, empty for something that can be clicked. There is
 * no click at all where what was pressed is gone before it is let go.
 */
function watchClick(clickable: string): void {
  document.body.dataset.clicked = "nothing, since it went meanwhile";
  document.addEventListener(
    "click",
    ({ target }) => {
      const hit = target instanceof Element && target.closest(clickable) !== null;
      const what = target instanceof Element ? target.outerHTML.slice(0, 200) : "no element";
      document.body.dataset.clicked = hit ? "" : what;
    },
    { capture: true, once: true },
  );
}
