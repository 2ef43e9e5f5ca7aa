/** The audit record in the page: verdict, events, their proofs, and who is shown how much. */
import { execFileSync } from "node:child_process";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { beforeAll, describe, expect, test, vi } from "vitest";
import { tenants } from "../../agent/tenants/contract.ts";
import { people } from "../lib/test-stack.js";
import { type Visit, visit, withBrowser } from "./harness.ts";
import { createTenant, withTenant } from "./people.ts";

const tenant = "audit-page";

// Each visit looks at a page in both themes, and the agent beside it seals and verifies.
vi.setConfig({ testTimeout: 120_000 });

withBrowser();
const staff = withTenant(tenant);
beforeAll(async () => {
  for (let cores = 1; cores <= 30; cores += 1) await change({ quota: { cpu: String(cores) } });
  await change({ displayName: "Ministry of Silly Walks" });
  await expect(createTenant(staff.operator, tenant)).rejects.toThrow();
});

const change = (part: Record<string, unknown>) =>
  staff.operator.call(tenants, "Change", tenant, part);

const auditor = (address = "", options: Parameters<typeof visit>[1] = {}) =>
  visit(`audit.html#/${address}`, { role: "auditor", ...options });

const cells = ({ page }: Visit, column: string) =>
  page.$$eval(`td[data-column=${column}]`, (found) => found.map((cell) => cell.textContent ?? ""));

/** Waits until every row has one of these in the column, and there is a row. */
const onlyRows = (visited: Visit, column: string, values: string[]) =>
  expect
    .poll(async () => [...new Set(await cells(visited, column))].sort(), { timeout: 30_000 })
    .toEqual([...values].sort());

describe("an auditor", () => {
  test.each([
    [1280, "light"],
    [1280, "dark"],
    [800, "light"],
    [800, "dark"],
  ] as const)(
    "sees at %i pixels, %s, whether the record can be relied on, and what stands in it",
    async (width, theme) => {
      const page = await auditor("", { width, theme });
      for (const part of ["Chain", "Tree and seal", "TPM", "Witnesses", "Copies elsewhere"]) {
        await page.sees(part);
      }
      await page.page.waitForSelector("[data-event]");
      await page.page.waitForSelector("[data-bucket]");
      await page.check();
      await page.screenshot("audit");
    },
  );

  test("is never shown green for what was not checked", async () => {
    const page = await auditor();
    await page.page.waitForSelector("[data-part=witnesses]");
    const states = await page.page.$$eval("[data-part]", (parts) =>
      Object.fromEntries(
        parts.map((part) => [part.getAttribute("data-part"), part.getAttribute("data-state")]),
      ),
    );
    // No witness and no place for copies is configured here, and the TPM, if any, is a program.
    for (const part of ["witnesses", "offload", "tpm"]) expect(states[part]).not.toBe("ok");
    expect(
      await page.page.$eval(".au-verdict .ds-job-head", (head) => head.textContent),
    ).not.toMatch(/^good/);
  });

  test("opens an event, whose proof the page recomputes, and steps to its neighbours", async () => {
    const page = await auditor(`?action=tenants.Change&tenant=${tenant}&outcome=success`);
    await onlyRows(page, "outcome", ["done"]);
    const opened = await page.page.$eval("[data-event]", (link) => link.getAttribute("data-event"));
    await page.page.locator(`[data-event="${opened}"]`).click();
    await page.sees("What happened around it");
    await page.page.waitForSelector("[data-proof=proved]");
    await page.sees("personal");
    await page.check();
    await page.screenshot("audit-event");
    await page.click("button", "The event before");
    await page.page.waitForFunction(
      (number) => location.hash.startsWith(`#/event/${number}?`),
      {},
      Number(opened) - 1,
    );
    await page.page.waitForSelector("[data-proof=proved]");
    await page.page.reload();
    await page.page.waitForSelector("[data-proof=proved]");
    await page.click("button", "The event after");
    await page.page.waitForFunction(
      (number) => location.hash.startsWith(`#/event/${number}?`),
      {},
      opened,
    );
    await page.page.keyboard.press("Escape");
    await page.seesNot("What happened around it");
    const focused = await page.page.evaluate(() =>
      document.activeElement?.getAttribute("data-event"),
    );
    expect(focused).toBe(opened);
  });

  test("reads an event beside the list on a narrow screen", async () => {
    const page = await auditor(`event/1?tenant=${tenant}`, { width: 800, theme: "dark" });
    await page.page.waitForSelector("[data-proof=proved]");
    await page.check();
    await page.screenshot("audit-event");
  });

  test("narrows by what occurs, and takes each filter away again", async () => {
    const page = await auditor(`?tenant=${tenant}`);
    await onlyRows(page, "tenant", [tenant]);
    await page.click("button", "Outcome");
    await page.page.waitForSelector("[role=menuitem]");
    await page.check();
    await page.click("menuitem", "failed (1)");
    await onlyRows(page, "action", ["tenants.Create"]);
    await page.page.reload();
    await onlyRows(page, "action", ["tenants.Create"]);
    await page.click("button", "Remove the filter “Outcome: failed”");
    await page.page.waitForFunction(() => document.querySelectorAll("[data-event]").length > 20);
  });

  test("searches in the text of events, and says so when nothing matches", async () => {
    const page = await auditor(`?tenant=${tenant}`);
    await page.page.waitForSelector("[data-event]");
    await page.fill("Search in the text of events", "Silly Walks", "searchbox");
    await page.page.waitForSelector("button[aria-label='Remove the filter “Text: Silly Walks”']");
    await page.page.waitForFunction(() => document.querySelectorAll("[data-event]").length < 5);
    expect(await cells(page, "action")).toContain("tenants.Change");
    await page.fill("Search in the text of events", "no such text anywhere", "searchbox");
    await page.sees("No event matches");
    await page.check();
    await page.click("button", "Clear all filters");
    await page.page.waitForSelector("[data-event]");
  });

  test("narrows the period with the keyboard alone", async () => {
    const page = await auditor(`?tenant=${tenant}`);
    await page.page.waitForSelector("[data-bucket]");
    await page.page.focus("[data-bucket][tabindex='0']");
    await page.page.keyboard.press("End");
    await page.page.keyboard.down("Shift");
    await page.page.keyboard.press("Home");
    await page.page.keyboard.up("Shift");
    expect(await page.page.$$(".au-chosen")).toHaveLength(
      (await page.page.$$("[data-bucket]")).length,
    );
    await page.page.keyboard.press("Enter");
    await page.page.waitForFunction(() => /from=.*to=/.test(location.hash));
    await page.sees("Back to the newest");
    await page.page.waitForSelector("[data-event]");
    // What is not yet answered for this period is faded.
    await page.page.waitForSelector(".au-stale", { hidden: true });
    await page.check();
  });

  test("narrows the period by dragging over the bars", async () => {
    const page = await auditor(`?tenant=${tenant}`);
    await page.page.waitForSelector("[data-bucket]");
    const box = await (await page.page.waitForSelector(".au-bars"))?.boundingBox();
    if (!box) throw new Error("the bars have no place");
    const { mouse } = page.page;
    await mouse.move(box.x + 3, box.y + box.height / 2);
    await mouse.down();
    await mouse.move(box.x + box.width / 2, box.y + box.height / 2, { steps: 5 });
    await mouse.up();
    await page.page.waitForFunction(() => /from=.*to=/.test(location.hash));
    await page.page.waitForSelector("button[aria-label^='Remove the filter “from']");
  });

  test("goes from row to row with the arrow keys", async () => {
    const page = await auditor(`?tenant=${tenant}`);
    await page.page.waitForSelector("[data-event]");
    const [first, second] = await page.rows();
    await page.page.focus(`[data-event="${first}"]`);
    await page.page.keyboard.press("ArrowDown");
    const focused = () =>
      page.page.evaluate(() => document.activeElement?.getAttribute("data-event"));
    expect(await focused()).toBe(second);
    await page.page.keyboard.press("ArrowUp");
    expect(await focused()).toBe(first);
    await page.page.keyboard.press("Enter");
    await page.sees("What happened around it");
  });

  test("turns to older events and back", async () => {
    const page = await auditor(`?tenant=${tenant}&action=tenants.Change&rows=50`);
    await page.page.waitForFunction(() => document.querySelectorAll("[data-event]").length === 50);
    const newest = await page.rows();
    await page.click("button", "Older events");
    await page.page.waitForFunction(
      (first) => Number(document.querySelector("[data-event]")?.getAttribute("data-event")) < first,
      {},
      Number(newest.at(-1)),
    );
    await page.sees("Back to the newest");
    await page.click("button", "Newer events");
    await page.waitForRows(newest);
  });

  test("follows what happens; what would be in the way waits", async () => {
    const page = await auditor(`?tenant=${tenant}&action=tenants.Change&outcome=success`);
    await page.page.waitForSelector("[data-event]");
    const before = await page.rows();
    await change({ jurisdiction: "FR" });
    await expect
      .poll(async () => (await page.rows()).length, { timeout: 30_000 })
      .toBe(before.length + 1);
    await page.click("button", "Pause");
    await change({ jurisdiction: "IT" });
    await page.sees("Show 1 new event");
    expect(await page.rows()).toHaveLength(before.length + 1);
    await page.check();
    await page.click("button", "Show 1 new event");
    await expect.poll(async () => (await page.rows()).length).toBe(before.length + 2);
    // Looking does not make more to look at: the readings of this page are few.
    await page.click("button", "Go on following");
  });

  test("verifies the whole record, and reads what was found", async () => {
    const page = await auditor();
    await page.page.waitForSelector("[data-event]");
    await page.click("button", "Verify now");
    await page.page.waitForSelector("[data-verified=intact]", { timeout: 60_000 });
    await page.check();
    await page.screenshot("audit-verify");
    await page.click("button", "Close");
    await page.sees("What was found");
    await page.page.waitForFunction(
      () => document.querySelector("[data-part=chain]")?.getAttribute("data-state") === "ok",
    );
    await page.screenshot("audit-verified");
  });

  test.each([
    ["Whole record", "whole"],
    ["Chosen events", "disclosed"],
  ])("exports “%s”, loads the file, and it verifies without the agent", async (name, form) => {
    const page = await auditor(`?tenant=${tenant}`);
    await page.click("button", "Export");
    const choice = await page.page.waitForSelector("::-p-aria([role='combobox'][name='What'])");
    await choice?.select(form);
    await page.sees(form === "whole" ? "dsecos audit export" : `--tenant ${tenant}`);
    await page.check();
    await page.screenshot(`audit-export-${form}`);
    await page.page.locator(".pf-v6-c-modal-box button[type=submit]").click();
    await page.page.waitForSelector("a[download]", { timeout: 60_000 });
    await page.check();
    const text = await page.page.$eval("a[download]", async (link) => {
      const reply = await fetch((link as HTMLAnchorElement).href);
      const bytes = new Uint8Array(await reply.arrayBuffer());
      return btoa(Array.from(bytes, (byte) => String.fromCharCode(byte)).join(""));
    });
    const directory = mkdtempSync(join(tmpdir(), "dsecos-export-"));
    try {
      const file = join(directory, "bundle.tar");
      writeFileSync(file, Buffer.from(text, "base64"));
      const program = join(import.meta.dirname, "../../dist/agent/dsecos.js");
      const told = execFileSync(process.execPath, [program, "audit", "verify", file], {
        timeout: 60_000,
        encoding: "utf8",
      });
      expect(told, name).toContain("Intact");
    } finally {
      rmSync(directory, { recursive: true, force: true });
    }
  });

  test("replays what held at an instant, step by step", async () => {
    const page = await auditor("replay");
    const details = `[data-object="${tenant}"]`;
    await page.page.waitForSelector(details);
    await page.page.waitForSelector("[data-change]");
    await page.check();
    await page.screenshot("audit-replay");
    await page.click("button", "One back");
    await page.page.waitForFunction(() => location.hash.includes("at="));
    await page.page.waitForSelector(".au-changes [aria-current=step]");
    await page.page.waitForSelector(".au-replay section [aria-busy=false]");
    await page.check();
    await page.page.reload();
    await page.page.waitForSelector(".au-changes [aria-current=step]");
    await page.page.focus("input[type=range]");
    await page.page.keyboard.press("Home");
    await page.sees("What held then is not known");
    await page.click("button", "Now");
    await page.page.waitForSelector(details);
  });

  test("sees where events come from", async () => {
    const page = await auditor("sources");
    await page.sees("Each source may write only so many events at a time");
    await page.check();
    await page.screenshot("audit-sources");
  });

  test("reads from right to left", async () => {
    const page = await auditor(`event/1?tenant=${tenant}`);
    await page.page.waitForSelector("[data-proof=proved]");
    await page.page.evaluate(() => {
      document.documentElement.dir = "rtl";
    });
    const wider = await page.page.evaluate(
      () => document.documentElement.scrollWidth > document.documentElement.clientWidth,
    );
    expect(wider, "scrolls sideways").toBe(false);
    await page.check();
    await page.screenshot("audit-rtl");
  });
});

describe("others", () => {
  test("see their own acts, and why not more", async () => {
    const page = await visit("audit.html");
    await page.sees("This needs the group dsecos-auditor. You are in: dsecos-operator.");
    await onlyRows(page, "actor", [people.operator]);
    await page.check();
    await page.screenshot("audit-own");
    await page.page.select("select[aria-label='Whose events']", `tenant:${tenant}`);
    await onlyRows(page, "tenant", [tenant]);
    await page.page.waitForSelector("[data-bucket]");
    await page.page.locator("[data-event]").click();
    await page.sees("Its proof and the events around it are for auditors.");
    await page.check();
    await page.screenshot("audit-tenant");
  });

  test("in no group read which groups there are", async () => {
    const page = await visit("audit.html", { role: "nobody" });
    await page.sees("You may not see this");
    await page.sees("usermod --append --groups dsecos-viewer");
    expect(await page.page.$$(".ds-loading, [role=progressbar], .au-part")).toHaveLength(0);
    await page.check();
  });

  test("read why they may not verify", async () => {
    const page = await visit("audit.html", { role: "viewer" });
    const button = await page.page.waitForSelector("::-p-aria([role='button'][name='Verify now'])");
    await page.page.waitForFunction((one) => one?.ariaDisabled === "true", {}, button);
    // What stands above and beside the button moves it when it comes.
    for (const late of [".ds-banner", "[data-event]"]) await page.page.waitForSelector(late);
    await button?.hover();
    await page.sees("This needs the group dsecos-officer or dsecos-auditor.");
  });
});

test("help says what this is, with the command that does the same", async () => {
  const page = await auditor();
  await page.click("button", "About the audit record");
  await page.sees("dsecos audit status");
  await page.check();
});
