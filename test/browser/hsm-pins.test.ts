/**
 * Tokens whose PIN is refused or locked, over a driver of the file's own: SoftHSM behind a fault
 * injector, since SoftHSM by itself never locks a PIN.
 */
import { randomBytes } from "node:crypto";
import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterAll, beforeAll, expect, test, vi } from "vitest";
import { hsm } from "../../agent/hsm/contract.ts";
import { Person } from "../lib/caller.ts";
import { createHsmBed, type HsmBed } from "../lib/hsm-driver.ts";
import { compileFaults, type Faults } from "../lib/hsm-faults/faults.ts";
import { people } from "../lib/test-stack.js";
import { type Visit, visit, withBrowser } from "./harness.ts";
import { approve } from "./hsm-bed.ts";
import { addDriver } from "./hsm-driver.ts";
import { createTenant, finished, removeTenant, withStaff } from "./people.ts";

const driver = "test-pins";
const tenant = "page-pins";
const id = `${driver}/${tenant}`;

vi.setConfig({ testTimeout: 120_000 });

withBrowser();
const staff = withStaff();

let second: Person;
let faults: Faults;
let bed: HsmBed;
let takeAway = () => {};

beforeAll(async () => {
  second = await Person.as(people.officer2);
  faults = await compileFaults();
  bed = await createHsmBed({
    config: { module: faults.module },
    environment: faults.environment,
  });
  takeAway = addDriver(driver, bed);
  await createTenant(staff.operator, tenant);
  await staff.officer.call(hsm, "CreateToken", tenant, driver);
});
afterAll(async () => {
  await staff.officer.try(hsm, "ForgetToken", id);
  await approve(second, "ForgetToken");
  await staff.officer.call(hsm, "ForgetToken", id);
  await removeTenant(staff.operator, staff.officer, tenant);
  takeAway();
  await bed.remove();
  faults.remove();
  second.end();
});

const open = (options: Parameters<typeof visit>[1] = {}) =>
  visit(`hsm.html#/tokens?tenant=${tenant}&open=${encodeURIComponent(id)}`, {
    role: "officer",
    ...options,
  });

const stateIs = ({ page }: Visit, state: string) =>
  page.waitForFunction(
    (wanted) => document.querySelector("[data-column=state]")?.textContent?.startsWith(wanted),
    {},
    state,
  );

/** The agent tries the PIN that the driver has. */
async function tryPin(): Promise<void> {
  const job = String(await staff.officer.call(hsm, "Reconcile"));
  await finished(staff.officer, job).catch((error) => {
    expect(String(error)).toContain(id);
  });
}

/** Asks in the dialog, has the other officer approve it, and carries it out. */
async function askAndDo(page: Visit, label: string, button: string, member: string) {
  await page.click("button", label);
  await page.sees("Another person must approve it");
  await page.check();
  await page.screenshot(`hsm-token-${member}`);
  await page.click("button", button);
  await page.sees("waits for a second person");
  await approve(second, member);
  await page.click("button", "Carry out now");
}

test("a refused PIN is said with what to do, and tried again with a second person", async () => {
  const file = join(bed.directory, "credentials", "hsm-pin");
  const right = readFileSync(file);
  writeFileSync(file, randomBytes(32));
  await bed.restart();
  await tryPin();
  const page = await open();
  await stateIs(page, "PIN refused");
  await page.sees("It refused the PIN, which is not tried again by itself");
  await page.sees("systemd-creds encrypt --name=hsm-pin - /etc/credstore.encrypted/hsm-pin");
  await page.sees(`systemctl restart dsecos-hsm@${driver}.service`);
  await page.screenshot("hsm-token-pin-wrong");
  await page.check();
  await page.page.evaluate(() => {
    location.hash = "#/overview";
  });
  await page.sees(`Not all could be looked at: The token ${id} refused the PIN`);
  await page.seesNot("Every key on record");
  await page.screenshot("hsm-overview-pin-wrong");
  await page.check();
  await page.page.goBack();
  const narrow = await open({ width: 800, theme: "dark" });
  await narrow.sees("It refused the PIN");
  await narrow.screenshot("hsm-token-pin-wrong");
  writeFileSync(file, right);
  await bed.restart();
  await askAndDo(page, "Try the PIN once more", "Ask to try once more", "RetryPin");
  await stateIs(page, "works");
  await page.seesNot("It refused the PIN");
});

test("a locked PIN is reset by the token's security officer, with a second person", async () => {
  faults.set("pin-locked");
  await bed.restart();
  await tryPin();
  const page = await open();
  await stateIs(page, "PIN locked");
  await page.sees("It locked its PIN");
  await page.sees("The driver knows the PIN of the token’s security officer too");
  await page.screenshot("hsm-token-pin-locked");
  await page.check();
  const viewer = await open({ role: "viewer", theme: "dark" });
  await viewer.sees("It locked its PIN");
  const button = await viewer.page.waitForSelector(
    `::-p-aria([role="button"][name="Reset the PIN"])`,
  );
  await button?.focus();
  await viewer.sees("This needs the group dsecos-officer. You are in: dsecos-viewer.");
  await viewer.screenshot("hsm-token-pin-locked-viewer");
  // A lock of the user's PIN does not keep the security officer out; the injector knows no difference.
  faults.clear();
  await askAndDo(page, "Reset the PIN", "Ask for the reset", "ResetPin");
  await stateIs(page, "works");
});
