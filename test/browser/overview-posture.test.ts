/** The checks on the overview: filtered, explained, and what stands behind two of them. */
import { expect, test } from "vitest";
import { visit, withBrowser } from "./harness.ts";

withBrowser();

const shown = ".ds-checks > li";

test("shows checks worst first, each with why, what was read and its command", async () => {
  const page = await visit("overview.html");
  await page.page.waitForSelector(shown);
  const verdicts = await page.page.$$eval(shown, (rows) => rows.map((row) => row.dataset.verdict));
  const order = ["bad", "warning", "unknown", "good"];
  expect(verdicts).toEqual(
    [...verdicts].sort((a, b) => order.indexOf(a ?? "") - order.indexOf(b ?? "")),
  );
  const row = "[data-check=command-line]";
  await page.page.focus(`${row} summary`);
  await page.page.keyboard.press("Enter");
  await page.sees("The command line can turn every guard of the kernel off");
  expect(
    await page.page.$$eval(`${row} details code`, (all) => all.map((one) => one.textContent)),
  ).toEqual(["/proc/cmdline"]);
  await page.page.waitForSelector(`${row} button[aria-label="Copy the command"]`);
  await page.check();
});

test("finds checks by state and by word", async () => {
  const page = await visit("overview.html");
  await page.page.waitForSelector(shown);
  await page.page.select("select[aria-label='Which checks']", "good");
  await page.page.waitForFunction(
    () => !document.querySelector(".ds-checks > li:not([data-verdict=good])"),
  );
  await page.page.select("select[aria-label='Which checks']", "all");
  await page.page.type("input[aria-label='Search in the checks']", "iommu");
  await page.page.waitForFunction(() => document.querySelectorAll(".ds-checks > li").length < 4);
  await page.page.waitForSelector("[data-check=iommu]");
  await page.page.type("input[aria-label='Search in the checks']", " nowhere");
  await page.sees("No check fits this");
  await page.sees("0 of ");
  await page.check();
  await page.click("button", "Clear all filters");
  await page.page.waitForSelector("[data-check=measured-boot]");
});

test.each([
  [1280, "light"],
  [800, "dark"],
] as const)(
  "says what was measured and who changed /etc at %i pixels, %s",
  async (width, theme) => {
    const page = await visit("overview.html", { role: "officer", width, theme });
    await page.page.waitForSelector("[data-check=measured-boot]");
    await page.click("button", "What was measured, and what is expected");
    await page.sees("dsecos node boot");
    await page.check();
    await page.screenshot("overview-boot");
    await page.page.keyboard.press("Escape");
    await page.seesNot("What was measured at the start");
    await page.click("button", "Who changed what in /etc");
    await page.sees("dsecos node etc-history");
    await page.check();
    await page.screenshot("overview-etc");
  },
);
