/** The page of keys over a driver with real tokens of SoftHSM. */
import { verify } from "node:crypto";
import { expect, test, vi } from "vitest";
import { hsm } from "../../agent/hsm/contract.ts";
import { download } from "./download.ts";
import { type Visit, visit, withBrowser } from "./harness.ts";
import { approve, createKey, driver, withToken } from "./hsm-bed.ts";

vi.setConfig({ testTimeout: 120_000 });

const tenant = "page-keys";

withBrowser();
const bed = withToken(tenant);

const open = (address: string, options: Parameters<typeof visit>[1] = {}) =>
  visit(`hsm.html#/${address}`, { role: "officer", ...options });

const scrollsSideways = ({ page }: Visit) =>
  page.evaluate(() => document.documentElement.scrollWidth > document.documentElement.clientWidth);

const fits = async (page: Visit) => {
  expect(await scrollsSideways(page)).toBe(false);
  await page.page.evaluate(() => document.documentElement.setAttribute("dir", "rtl"));
  expect(await scrollsSideways(page)).toBe(false);
  await page.check();
};

test("the overview says that the HSM is software, and what its driver is", async () => {
  const page = await open("");
  await page.sees("Keys are in a software HSM");
  await page.sees("software, not validated");
  await page.sees("HSM");
  await page.screenshot("hsm-overview");
  await page.check();
});

test("a key is made, rotated, suspended and resumed", async () => {
  const page = await open(`keys?tenant=${tenant}`);
  await page.click("button", "Make a key");
  await page.fill("Name", "documents");
  await page.page.select("select[aria-describedby$='-help']", "P-384");
  await page.sees("Not safe against quantum computers.");
  await page.sees("dsecos hsm create-key");
  await page.check();
  await page.screenshot("hsm-key-create");
  await page.click("button", "Make it");
  await page.waitForRows([`${tenant}/documents`]);
  await page.openMenu(`"${tenant}/documents"`);
  await page.click("menuitem", "Rotate now");
  await page.click("button", "Rotate");
  await page.page.waitForSelector(`[data-row="${tenant}/documents"] [data-column=version]`);
  await page.page.waitForFunction(
    () => document.querySelector("[data-column=version]")?.textContent === "2",
  );
  await page.openMenu(`"${tenant}/documents"`);
  await page.click("menuitem", "Suspend");
  await page.fill("Reason", "under review");
  await page.check();
  await page.click("button", "Suspend");
  await page.sees("documents: suspended");
  await page.page.waitForFunction(
    () => document.querySelector("[data-column=state]")?.textContent === "suspended",
  );
  await page.openMenu(`"${tenant}/documents"`);
  await page.click("menuitem", "Resume");
  await page.fill("Reason", "reviewed");
  await page.click("button", "Resume");
  await page.sees("documents: resumed");
  await page.screenshot("hsm-keys");
  await page.check();
});

test("a key in full has what its token says of it, and what became of it", async () => {
  await createKey(bed.officer, tenant, "archive", "MLDSA65-P384");
  const page = await open(`keys/${tenant}/archive`);
  await page.sees("one half in the token, one sealed");
  await page.sees("never extractable");
  await page.sees("made in the token");
  await page.sees("The post-quantum half is protected at rest alone");
  await page.screenshot("hsm-key");
  await page.check();
});

test("the public key of a version is saved as a file, which verifies what the key signed", async () => {
  const page = await open(`keys/${tenant}/documents`);
  const saved = await download(page, () => page.click("button", "Save version 2"));
  expect(saved.name).toBe(`${tenant}-documents-2.pem`);
  const signed = await bed.officer.call(hsm, "Sign", tenant, "documents", "a test", "aGVsbG8=");
  const signature = Buffer.from(String(signed), "base64");
  expect(verify("sha384", Buffer.from("hello"), saved.text, signature)).toBe(true);
});

test("destruction takes a second person, has its date, and can be cancelled", async () => {
  await createKey(bed.officer, tenant, "old", "AES-256");
  const page = await open(`keys/${tenant}/old`);
  await page.click("button", "Actions");
  await page.click("menuitem", "Destroy");
  await page.sees("Another person must approve it");
  await page.fill("Days until it is destroyed", "9", "spinbutton");
  await page.fill("Name of the key", "old");
  await page.sees("dsecos hsm destroy");
  await page.check();
  await page.screenshot("hsm-key-destroy");
  await page.click("button", "Ask for destruction");
  await page.sees("waits for a second person");
  await approve(bed.second, "Destroy");
  await page.click("button", "Carry out now");
  await page.sees("destroyed in 8 days");
  await page.click("button", "Actions");
  await page.click("menuitem", "Cancel the destruction");
  await page.fill("Reason", "still needed");
  await page.click("button", "Cancel the destruction");
  await page.seesNot("destroyed in 8 days");
  await page.sees("It may be used for all that its algorithm does.");
});

test("rules are explained, and set only with a second person", async () => {
  const page = await open(`rules?tenant=${tenant}`);
  await page.sees(`Rules of ${tenant}`);
  await page.fill("The token is in", "DE", "combobox");
  await page.click("button", "Explain");
  await page.page.waitForSelector("[data-decision='use.livesOutside']");
  await page.screenshot("hsm-rules");
  await page.check();
  await page.click("button", "Set the rules");
  await page.fill("Keys may live in", "UK, DE");
  await page.sees("dsecos hsm set-rules");
  await page.check();
  await page.screenshot("hsm-rules-set");
  await page.click("button", "Ask for these rules");
  await page.sees("waits for a second person");
  await approve(bed.second, "SetRules");
  await page.click("button", "Carry out now");
  await page.sees("UK, DE");
});

test.each([
  ["overview", "software, not validated"],
  ["tokens", `${driver}/${tenant}`],
  ["keys", tenant],
  [`rules?tenant=${tenant}`, "Rules of"],
] as const)("%s fits a narrow, dark window that reads from right to left", async (tab, sight) => {
  const page = await open(tab, { width: 800, theme: "dark" });
  await page.sees(sight);
  await page.screenshot(`hsm-${tab.replace(/\?.*/, "")}`);
  await fits(page);
});

test("tokens are searched and opened, all in the address", async () => {
  const page = await open(`tokens?text=${tenant}`);
  await page.waitForRows([`${driver}/${tenant}`]);
  await page.click("button", `Details of ${driver}/${tenant}`);
  await page.sees("Software token: keys are in files of this machine");
  await page.screenshot("hsm-tokens");
  await page.check();
});

test("a viewer sees keys and reads why not to make one", async () => {
  const page = await open(`keys?tenant=${tenant}`, { role: "viewer" });
  await page.sees("documents");
  const button = await page.page.waitForSelector(`::-p-aria([role="button"][name="Make a key"])`);
  await button?.focus();
  await page.sees("This needs the group dsecos-officer. You are in: dsecos-viewer.");
  await page.check();
});

test("several keys are suspended and resumed at once", async () => {
  const page = await open(`keys?tenant=${tenant}`);
  await page.waitForRows(["archive", "documents", "old"].map((name) => `${tenant}/${name}`));
  await page.page.locator("input[aria-label='Select all rows of this page']").click();
  await page.click("button", "3 chosen");
  await page.click("menuitem", "Suspend");
  await page.sees("Suspend 3 keys?");
  await page.fill("Reason", "under review");
  await page.check();
  await page.click("button", "Suspend");
  await page.sees("3 keys: suspended");
  await page.page.waitForFunction(() =>
    [...document.querySelectorAll("[data-column=state]")].every(
      ({ textContent }) => textContent === "suspended",
    ),
  );
  await page.click("button", "3 chosen");
  await page.click("menuitem", "Resume");
  await page.fill("Reason", "reviewed");
  await page.click("button", "Resume");
  await page.sees("3 keys: resumed");
});

test("an operator sees keys, may make none, and reads why not", async () => {
  const page = await open(`keys/${tenant}/documents`, { role: "operator" });
  await page.sees("never extractable");
  await page.click("button", "Actions");
  await page.sees("This needs the group dsecos-officer. You are in: dsecos-operator.");
  await page.page.keyboard.press("Escape");
  await page.page.evaluate((name) => {
    location.hash = `#/statement?tenant=${name}`;
  }, tenant);
  await page.sees("A statement tells how often each key was used, and for what.");
  await page.sees("This needs the group dsecos-officer or dsecos-auditor.");
  await page.check();
});

test("nobody's page says who may speak to the agent", async () => {
  const page = await open("", { role: "nobody" });
  await page.sees("You may not see this");
  await page.check();
});

test("a token that is gone is absent, and its keys are not taken for gone", async () => {
  const page = await open(`tokens?tenant=${tenant}`);
  await page.waitForRows([`${driver}/${tenant}`]);
  const bringBack = bed.takeTokenAway();
  await page.page.waitForFunction(
    () => document.querySelector("[data-column=state]")?.textContent?.startsWith("absent"),
    { timeout: 60_000 },
  );
  await page.click("button", `Details of ${driver}/${tenant}`);
  await page.sees("which does not mean that its keys are");
  await page.sees("It is back: look for it now");
  await page.screenshot("hsm-token-absent");
  await page.check();
  await page.page.evaluate(() => {
    location.hash = "#/keys";
  });
  await page.sees("token: absent");
  await page.sees("documents");
  await page.screenshot("hsm-keys-missing");
  await page.check();
  await page.page.evaluate((name) => {
    location.hash = `#/keys?tenant=${name}`;
  }, tenant);
  await page.sees("documents");
  await page.seesNot("No key yet");
  bringBack();
  await page.page.evaluate(() => {
    location.hash = "#/overview";
  });
  await page.click("button", "Compare now");
  // The driver may have looked for it a moment ago, and looks again half a minute later.
  await page.sees("Every key on record", 90_000);
  await page.page.evaluate(() => {
    location.hash = "#/tokens";
  });
  await page.page.waitForFunction(
    () => document.querySelector("[data-column=state]")?.textContent?.startsWith("works"),
    { timeout: 60_000 },
  );
});

test("a month's statement holds record and counter against each other, and is saved", async () => {
  const page = await open(`statement?tenant=${tenant}`, { role: "auditor" });
  await page.sees("What is on record of each key is what the driver’s own counter says.");
  await page.sees("documents");
  await page.screenshot("hsm-statement");
  await page.check();
  const month = new Date().toISOString().slice(0, 7);
  const json = await download(page, () => page.click("button", "Save as JSON"));
  expect(JSON.parse(json.text)).toMatchObject({
    ...{ tenant, month, verdict: "agrees", remarks: [] },
    rows: [{ key: "documents", version: 2, operation: "sign", receipts: 1, counted: 1 }],
  });
  expect(json.name).toMatch(new RegExp(`^${tenant}-${month}-.+\\.json$`));
  const csv = await download(page, () => page.click("button", "Save as CSV"));
  expect(csv.text).toBe(
    "key,version,operation,receipts,counted,failed,difference,reason,sentence\r\ndocuments,2,sign,1,1,0,0,none,\r\n",
  );
  const used = await open(`keys/${tenant}/documents`);
  await used.sees("1 today");
  await used.screenshot("hsm-key-used");
});

test("a driver that is down is shown with what to do, until it is there again", async () => {
  const page = await open("overview");
  await page.sees("Every key on record");
  await bed.driver.stop();
  await page.page.waitForSelector("[data-driver=softhsm]:not([data-state=ready])", {
    timeout: 60_000,
  });
  await page.sees("1 driver does not work: softhsm.");
  await page.sees("systemctl restart dsecos-hsm@softhsm.socket dsecos-hsm@softhsm.service");
  await page.screenshot("hsm-driver-down");
  await page.check();
  await bed.driver.start();
  await page.page.waitForSelector("[data-driver=softhsm][data-state=ready]", { timeout: 60_000 });
});

test("without any driver the page says how to set one up", async () => {
  const bringBack = bed.takeDriverFileAway();
  try {
    const page = await open("overview");
    await page.sees("No driver is set up", 60_000);
    await page.sees("systemctl enable --now dsecos-hsm@luna.socket");
    await page.screenshot("hsm-no-driver");
    await page.check();
  } finally {
    bringBack();
  }
  const page = await open("overview");
  await page.page.waitForSelector("[data-driver=softhsm][data-state=ready]", { timeout: 60_000 });
});
