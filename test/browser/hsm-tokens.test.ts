/** The list of tokens where there are very many: a driver with 1,000 of SoftHSM. */
import { afterAll, beforeAll, test, vi } from "vitest";
import { createHsmBed, type HsmBed } from "../lib/hsm-driver.ts";
import { multiplyTokens } from "../lib/hsm-many-tokens.ts";
import { type Visit, visit, withBrowser } from "./harness.ts";
import { addDriver } from "./hsm-driver.ts";

const count = 1000;

vi.setConfig({ testTimeout: 120_000 });

withBrowser();

let bed: HsmBed;
let ids: string[];
let takeAway = () => {};

beforeAll(async () => {
  // A busy machine takes its time with so many slots, and the agent would complain.
  bed = await createHsmBed({ config: { deadlineSeconds: 60 } });
  ids = (await multiplyTokens(bed, count)).map((label) => `test-many/${label}`);
  takeAway = addDriver("test-many", bed);
});
afterAll(async () => {
  takeAway();
  await bed.remove();
});

const open = (options: string, theme: "light" | "dark" = "light") =>
  visit(`hsm.html#/tokens?driver=test-many${options}`, { role: "officer", theme });

/** By selector: names for screen readers take long to find among so many rows. */
const press = ({ page }: Visit, label: string) => page.click(`button[aria-label="${label}"]`);
const searchFor = async ({ page }: Visit, text: string) => {
  await page.click("input[type=search]", { count: 3 });
  await page.keyboard.type(text);
};

const rowsAre = ({ page }: Visit, length: number) =>
  page.waitForFunction(
    (wanted) => document.querySelectorAll("tr[data-row]").length === wanted,
    {},
    length,
  );

test("a page has a hundred of them, says of how many, and leads to the next and back", async () => {
  const page = await open("");
  await page.waitForRows(ids.slice(0, 100));
  await page.sees("100 of 1,000");
  await page.screenshot("hsm-tokens-many");
  await press(page, "Next page");
  await page.waitForRows(ids.slice(100, 200));
  await press(page, "Next page");
  await page.waitForRows(ids.slice(200, 300));
  await press(page, "Previous page");
  await page.waitForRows(ids.slice(100, 200));
  await page.page.reload();
  await page.waitForRows(ids.slice(100, 200));
});

test("the last ones come first when that is asked for, and all of them fit on one page", async () => {
  const page = await open("");
  await page.waitForRows(ids.slice(0, 100));
  await page.page.click("th button");
  await page.waitForRows(ids.toReversed().slice(0, 100));
  await page.page.select("select[aria-label='Rows on each page']", String(count));
  await rowsAre(page, count);
});

test("one is found by a part of its name, and the way back to all stays", async () => {
  const page = await open("", "dark");
  await page.waitForRows(ids.slice(0, 100));
  await press(page, "Next page");
  await page.waitForRows(ids.slice(100, 200));
  await searchFor(page, "0777");
  await page.waitForRows(["test-many/ministry-0777"]);
  await page.sees("1 of 1");
  await searchFor(page, "no such token");
  await page.sees("No token matches");
  await page.check();
  await page.screenshot("hsm-tokens-none");
  await page.click("button", "Clear all filters");
  await page.page.waitForSelector("tr[data-row]");
});
