/** Certificates on the page of keys, over real tokens. */
import { execFileSync } from "node:child_process";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, expect, test, vi } from "vitest";
import { hsm } from "../../agent/hsm/contract.ts";
import type { Authorities } from "../../agent/hsm/pki/answers.ts";
import { visit, withBrowser } from "./harness.ts";
import { approve, withToken } from "./hsm-bed.ts";

vi.setConfig({ testTimeout: 120_000 });

const tenant = "page-certs";
const directory = mkdtempSync(join(tmpdir(), "dsecos-csr-"));

withBrowser();
const bed = withToken(tenant);

async function withAuthority(owner: string): Promise<void> {
  const spec = { hosts: owner === "=node" ? [] : ["certs.example.org"], postQuantum: false };
  const first = await bed.officer.try(hsm, "CreateAuthority", owner, spec);
  expect(first.error?.message).toMatch(/second person|has an authority/);
  if (first.error?.message.includes("has an authority")) return;
  await approve(bed.second, "CreateAuthority");
  await bed.officer.call(hsm, "CreateAuthority", owner, spec);
}

beforeAll(async () => {
  await withAuthority("=node");
  await withAuthority(tenant);
}, 120_000);
afterAll(() => rmSync(directory, { recursive: true }));

function request(name: string): string {
  const key = ["-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-384", "-nodes"];
  const file = join(directory, `${name}.csr`);
  const out = ["-keyout", join(directory, `${name}.key`), "-out", file, "-subj", `/CN=${name}`];
  execFileSync("openssl", ["req", "-new", ...key, ...out], { timeout: 10_000, stdio: "ignore" });
  return file;
}

const open = (address: string, options: Parameters<typeof visit>[1] = {}) =>
  visit(`hsm.html#/certificates${address}`, { role: "officer", ...options });

test("a certificate is issued for a file, renewed and revoked", async () => {
  const page = await open(`?tenant=${tenant}`);
  await page.sees("No certificate matches");
  await page.click("button", "Issue a certificate");
  // The dialog is loaded when it is opened.
  await page.sees("Who it is for makes the key");
  await page.page.type("textarea", "nonsense");
  await page.sees("This is not a request as PEM.");
  await page.page.$eval("textarea", (area) => (area as HTMLTextAreaElement).select());
  await page.page.keyboard.press("Delete");
  const file = await page.page.$("input[type=file]");
  await (file as unknown as { uploadFile(path: string): Promise<void> }).uploadFile(
    request("jane"),
  );
  await page.sees("dsecos hsm issue");
  await page.check();
  await page.screenshot("hsm-issue");
  await page.click("button", "Issue it");
  await page.sees("jane has a certificate");
  await page.sees("in 89 days");
  await page.openMenu(await rowOf(page));
  await page.click("menuitem", "Renew");
  await page.sees("A new certificate for the same names");
  await page.check();
  await page.click("button", "Renew it");
  await page.sees("jane has a new certificate");
  await page.sees("2 of 2");
  await page.openMenu(await rowOf(page));
  await page.click("menuitem", "Revoke");
  await page.sees("There is no way back");
  await page.check();
  await page.screenshot("hsm-revoke");
  await page.click("button", "Revoke it");
  await page.sees("another certificate took its place");
});

test("an authority rolls over once a second officer approved it", async () => {
  const former = async () => {
    const { rows } = (await bed.officer.call(hsm, "Authorities")) as Authorities;
    return rows.find((row) => row.tenant === tenant)?.former;
  };
  const page = await open("");
  const ask = async () => {
    await page.openMenu(`"${tenant}"`);
    await page.click("menuitem", "Roll over to a new key");
    await page.sees("What the old key signed holds until it ends");
    await page.sees(`dsecos hsm roll-authority ${tenant}`);
  };
  await ask();
  await page.check();
  await page.screenshot("hsm-roll");
  await page.click("button", "Ask for it");
  await page.sees("The request waits for a second person");
  expect(await former()).toEqual([]);
  await approve(bed.second, "RollAuthority");
  await ask();
  await page.click("button", "Ask for it");
  await page.sees(`${tenant} has a new key for its authority`);
  expect(await former()).toHaveLength(1);
});

async function rowOf({ page }: Awaited<ReturnType<typeof open>>): Promise<string> {
  const key = await page.$eval(`[data-row^="${tenant}/"]`, (row) => row.getAttribute("data-row"));
  return `"${key}"`;
}

test.each([
  [1280, "light"],
  [1280, "dark"],
  [800, "light"],
  [800, "dark"],
] as const)("the tab fits into %i pixels, %s", async (width, theme) => {
  const page = await open("", { width, theme });
  await page.sees("Authorities");
  await page.sees("this node’s root");
  await page.sees("jane");
  await page.check();
  await page.screenshot(`hsm-certificates-${width}-${theme}`);
  const sideways = await page.page.evaluate(
    () => document.documentElement.scrollWidth > document.documentElement.clientWidth,
  );
  expect(sideways).toBe(false);
});

test("a viewer sees certificates, and why nothing can be done with them", async () => {
  const page = await open(`?tenant=${tenant}`, { role: "viewer" });
  await page.sees("jane");
  await page.check();
  await page.screenshot("hsm-certificates-viewer");
});
