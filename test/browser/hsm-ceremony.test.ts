/** A rehearsal of a key ceremony on the page, by two officers, to the record that is printed. */
import { afterAll, beforeAll, expect, test, vi } from "vitest";
import type { Ceremony, CeremonyRow } from "../../agent/hsm/ceremony/answers.ts";
import { hsm } from "../../agent/hsm/contract.ts";
import { Person } from "../lib/caller.ts";
import { people } from "../lib/test-stack.js";
import { asWalk } from "../lib/walk.ts";
import { type Visit, visit, withBrowser } from "./harness.ts";

vi.setConfig({ testTimeout: 180_000 });

withBrowser();
asWalk();

/** Another officer than the one of the browser. */
let second: Person;
let id = "";

beforeAll(async () => {
  second = await Person.as(people.officer2);
});
afterAll(() => second.end());

const open = (address: string, options: Parameters<typeof visit>[1] = {}) =>
  visit(`hsm.html#/${address}`, { role: "officer", ...options });

const show = () => second.call(hsm, "Ceremony", id) as Promise<Ceremony>;

async function confirmBeside(): Promise<void> {
  const { step, hash } = await show();
  await second.call(hsm, "ConfirmStep", id, step, hash);
}

const scrollsSideways = ({ page }: Visit) =>
  page.evaluate(() => document.documentElement.scrollWidth > document.documentElement.clientWidth);

const stepIs = ({ page }: Visit, name: string, state: string) =>
  page.waitForSelector(`[data-step="${name}"][data-state="${state}"]`);

test("a ceremony is started as a rehearsal, unless somebody says otherwise", async () => {
  const page = await open("ceremonies");
  await page.click("button", "Start a ceremony");
  await page.sees("Start the rehearsal");
  await page.sees("dsecos hsm start-ceremony authority-root --rehearsal");
  await page.check();
  await page.screenshot("hsm-ceremony-start");
  await page.click("button", "Start the rehearsal");
  await page.sees("REHEARSAL");
  await stepIs(page, "opening", "open");
  const [row] = (await second.call(hsm, "Ceremonies")) as CeremonyRow[];
  id = row?.id ?? "";
  expect(row).toMatchObject({ rehearsal: true, state: "running" });
});

test("it is held with the keyboard, and each step waits for the other officer", async () => {
  const page = await open(`ceremonies/${id}`);
  const { keyboard } = page.page;
  for (const { name } of (await show()).steps) {
    await stepIs(page, name, "open");
    const box = await page.page.waitForSelector(`[data-step="${name}"] input[type=checkbox]`);
    await box?.focus();
    await keyboard.press("Space");
    // Until the permissions are there, nothing can be confirmed.
    await page.page.waitForSelector(".hsm-confirm button:not([aria-disabled='true'])");
    await keyboard.press("Enter");
    await page.sees("You confirmed it; another officer must, too.");
    if (name === "compare-key") {
      await page.page.$eval('[data-step="key"]', (step) => step.scrollIntoView());
      await page.sees(
        "sensitive, always sensitive, not extractable, never extractable, made in the token",
      );
      await page.screenshot("hsm-ceremony-key");
      await page.check();
    }
    await confirmBeside();
    await stepIs(page, name, "done");
  }
  await page.sees("Signed record");
  await page.screenshot("hsm-ceremony-complete");
});

test("the record is shown with how to verify it, printed alone, and fits a narrow dark window", async () => {
  const page = await open(`ceremonies/${id}`, { width: 800, theme: "dark" });
  await page.page.waitForSelector(`[data-record="${id}"]`);
  expect(await scrollsSideways(page)).toBe(false);
  await page.screenshot("hsm-ceremony-top");
  await page.page.$eval("[data-record]", (record) => record.scrollIntoView());
  await page.sees("openssl dgst -sha384 -verify");
  await page.screenshot("hsm-ceremony-record");
  await page.check();
  await page.page.emulateMediaType("print");
  await page.page.evaluate(() => scrollTo(0, 0));
  const seen = await page.page.$$eval("h1, h2, h3, button, pre", (found) =>
    found.filter((one) => one.checkVisibility()).map((one) => one.tagName),
  );
  expect(seen).toEqual(["PRE"]);
  const text = await page.page.$eval("pre", (record) => ({
    shown: record.clientHeight,
    whole: record.scrollHeight,
  }));
  expect(text.shown).toBe(text.whole);
  await page.screenshot("hsm-ceremony-print");
});

test("the list has it, and a viewer reads it and why not to start one", async () => {
  const page = await open("ceremonies", { role: "viewer", width: 800 });
  await page.page.waitForSelector(`[data-row="${id}"]`);
  await page.screenshot("hsm-ceremonies");
  await page.check();
  const button = await page.page.waitForSelector(
    `::-p-aria([role="button"][name="Start a ceremony"])`,
  );
  await button?.focus();
  await page.sees("This needs the group dsecos-officer. You are in: dsecos-viewer.");
});

test("a ceremony is aborted with a reason, and says so", async () => {
  id = ((await second.call(hsm, "StartCeremony", "authority-root", {}, true)) as Ceremony).id;
  const page = await open(`ceremonies/${id}`, { theme: "dark" });
  await stepIs(page, "opening", "open");
  await page.screenshot("hsm-ceremony-open");
  await page.check();
  await page.click("button", "Abort");
  await page.fill("Reason", "The witness is missing.");
  await page.check();
  await page.click("button", "Abort for good");
  await page.sees(`${people.officer}: The witness is missing.`);
  expect(await show()).toMatchObject({ state: "aborted" });
});
