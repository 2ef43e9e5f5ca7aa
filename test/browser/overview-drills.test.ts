/**
 * Failover drills on the overview: those on record, the one under way, and ordering one. Other members are
 * generated; no systemd is on the bus of a test, so that what is ordered here runs up to where Incus would
 * be taken away, and files that it was not.
 */
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test, vi } from "vitest";
import { approvals } from "../../agent/approvals/contract.ts";
import { encodeEvent } from "../../agent/audit/event.ts";
import { SegmentWriter } from "../../agent/audit/segments/writer.ts";
import type { DrillRecord, Gaps } from "../../agent/cluster/drill/answers.ts";
import { drillFiledAction } from "../../agent/cluster/drill/histogram.ts";
import {
  drillKey,
  readAnnouncement,
  seenKey,
  writeAnnouncement,
  writeSeen,
} from "../../agent/cluster/drill/published.ts";
import { Person } from "../lib/caller.ts";
import { always } from "../lib/drill-bed.ts";
import type { GeneratedMember } from "../lib/generated-members.ts";
import { noIncusCluster } from "../lib/incus-cluster.ts";
import { people } from "../lib/test-stack.js";
import { asWalk } from "../lib/walk.ts";
import { type Visit, visit, withBrowser } from "./harness.ts";
import { withNodes } from "./nodes-bed.ts";

vi.setConfig({ testTimeout: 120_000, hookTimeout: 120_000 });

const panel = "section[aria-labelledby=ov-drills]";
const others = ["node2", "node3"];
const none: Gaps = { writes: null, pages: null, instances: null, storage: null, keys: null };

/** Of 1,000 drills: every tenth stops Incus, every hundredth of those that kill it is slow, one failed. */
function drillOf(index: number): DrillRecord {
  const kind = index % 10 === 0 ? "stop" : "kill";
  const writes = kind === "stop" ? 210 : index % 100 === 1 ? 6100 : 2000 + (index % 7) * 300;
  const pages = index % 10 === 3 ? 1600 : 230;
  const failed = index === 998;
  return {
    ...{ id: index.toString(16).padStart(16, "0"), kind, node: "node1", leader: index % 2 === 0 },
    ...{ by: "olga", reason: `round ${index}`, seconds: 30, back: true },
    at: new Date(Date.UTC(2026, 0, 1) + index * 3_600_000).toISOString(),
    error: failed ? "Incus <b>did</b> not start." : "",
    nodes: [
      { node: "node1", ...none, writes: 33_000, pages: 300, instances: 60, keys: 80 },
      { node: "node2", ...none, writes, pages, storage: 90 },
      ...(failed ? [] : [{ node: "node3", ...none, writes: 100, pages: 70 }]),
    ],
    missing: failed ? ["node3"] : [],
  };
}

/** Writes them as the agent does, while none runs. */
function fileDrills(auditDirectory: string): void {
  const writer = new SegmentWriter(auditDirectory);
  writer.open();
  const events = Array.from({ length: 1000 }, (_, index) => {
    const drill = drillOf(index);
    const outcome = drill.error === "" ? ("success" as const) : ("failure" as const);
    const who = { actor: "agent", uid: 0, object: "node1" };
    return encodeEvent({ action: drillFiledAction, outcome, ...who, details: { drill } }, "node1");
  });
  writer.appendBatch(events.map(({ payload }) => payload));
  writer.close();
}

const opened = async (page: Visit) => {
  await page.page.locator(`${panel} summary`).click();
  await page.page.waitForSelector(`${panel} [data-gap]`);
};
const rowsOf = ({ page }: Visit) =>
  page.$$eval("table[aria-label='Drills on record'] tr[data-row]", (rows) => rows.length);

describe.skipIf(noIncusCluster !== "")(`drills${noIncusCluster && `: ${noIncusCluster}`}`, () => {
  withBrowser();
  const bed = withNodes();
  const members: GeneratedMember[] = [];
  let second: Person;
  asWalk();

  beforeAll(async () => {
    second = await Person.as(people.officer2, bed.environment);
  });
  afterAll(() => second?.end());

  test("a node that is all of its cluster and held none shows nothing of drills", async () => {
    const page = await visit("overview.html");
    await page.sees("Firewall and air gap");
    expect(await page.page.$(panel)).toBeNull();
  });

  test("in a cluster it says that no window is declared, what to do, and why none can be ordered", async () => {
    for (const name of others) members.push(await bed.join(name));
    const page = await visit("overview.html", { role: "officer" });
    await page.page.waitForSelector(`${panel} [data-window=none]`);
    await page.sees("write “maintenance” into /etc/dsecos/agent.json");
    await page.sees("No drill of node1 is on record.");
    const button = await page.page.waitForSelector(`${panel} button[aria-disabled=true]`);
    await button?.focus();
    await page.sees("No maintenance window is open, and this drill needs");
    await page.check();
    await page.page.$eval(panel, (section) => section.scrollIntoView());
    await page.screenshot("drills-none");
  });

  test.each([
    [1280, "light"],
    [800, "dark"],
  ] as const)(
    "drills on record are bars with an aim and a verdict, at %i pixels, %s",
    async (width, theme) => {
      if (width === 1280) {
        await bed.restartAgent({ maintenance: always }, () =>
          fileDrills(join(bed.directory, "audit")),
        );
      }
      const page = await visit("overview.html", { width, theme, role: "viewer" });
      await page.page.waitForSelector(`${panel} [data-window=open]`);
      await page.sees("1,000 drills on record");
      const button = await page.page.waitForSelector(`${panel} button[aria-disabled=true]`);
      await button?.focus();
      await page.sees("This needs the group dsecos-officer.");
      await opened(page);
      const verdicts = await page.page.$$eval(`${panel} [data-gap]`, (all) =>
        all.map((one) => `${one.getAttribute("data-gap")} ${one.getAttribute("data-verdict")}`),
      );
      expect(verdicts).toEqual([
        ...["writes away none", "writes others kept", "pages away kept", "pages others missed"],
        ...["instances away none", "storage others none", "keys away none"],
      ]);
      await page.sees(
        "900 drills: 95% within 3.8 s, half within 2.9 s, the longest 6.1 s. Aim: 4.2 s.",
      );
      await page.sees("Pages and reads: missed");
      await page.check();
      await page.page.$eval(panel, (section) => section.scrollIntoView());
      await page.screenshot("drills");
      await page.page.select(`${panel} select[aria-label='Kind of drill']`, "stop");
      await page.sees("100 drills: 95% within 210 ms");
      await page.sees("Pages and reads: kept");
      await page.page.locator("::-p-text(The same as a table)").click();
      await page.page.waitForSelector(`${panel} tr[data-row="writes others"]`);
      const wider = await page.page.evaluate(
        () => document.documentElement.scrollWidth > document.documentElement.clientWidth,
      );
      expect(wider, "scrolls sideways").toBe(false);
    },
  );

  test("a thousand are searched, turned over and opened by keyboard, all of it in the address", async () => {
    const page = await visit("overview.html", { width: 800 });
    await page.page.waitForSelector(`${panel} summary`);
    await page.page.focus(`${panel} summary`);
    await page.page.keyboard.press("Enter");
    await page.page.waitForSelector(`${panel} tr[data-row]`);
    expect(await rowsOf(page)).toBe(20);
    await page.click("button", "Older drills");
    await page.sees("round 979");
    await page.click("button", "Newer drills");
    await page.sees("round 999");
    await page.fill("Search in the drills", "did</b> not", "searchbox");
    await page.sees("1 of 1,000 drills");
    const details = await page.page.waitForSelector(`${panel} .ds-row-toggle`);
    await details?.focus();
    await page.page.keyboard.press("Enter");
    await page.sees("Incus <b>did</b> not start.");
    await page.sees("Told nothing of what they saw: node3.");
    await page.sees("(was away)");
    await page.check();
    await page.page.$eval(`${panel} .ds-row-details`, (row) => row.scrollIntoView());
    await page.screenshot("drills-details");
    const event = await page.page.$eval(`${panel} a[href*="audit.html"]`, (link) =>
      link.getAttribute("href"),
    );
    expect(event).toMatch(/^audit\.html#\/event\/\d+$/);
    await page.page.reload();
    await page.sees("Told nothing of what they saw: node3.");
    await page.fill("Search in the drills", "no such drill", "searchbox");
    await page.sees("No drill fits this");
    await page.click("button", "Clear all filters");
    await page.page.select(`${panel} nav select`, "1000");
    await expect.poll(() => rowsOf(page), { timeout: 30_000 }).toBe(1000);
  });

  test("a drill of another node is shown here, and keeps this one from its own", async () => {
    const page = await visit("overview.html", { role: "officer" });
    await page.page.waitForSelector(`${panel} button:not([aria-disabled=true])`);
    const announced = (over: boolean) =>
      writeAnnouncement({
        ...{ id: "f".repeat(16), kind: "offline", at: new Date().toISOString() },
        ...{ seconds: 60, over },
      });
    await members[0]?.write(drillKey, announced(false));
    await page.page.waitForSelector(`${panel} [data-drill=node2]`);
    await page.sees("A drill of node2 is under way: cut off.");
    await page.sees("away for 60 s, back by");
    await page.page.waitForSelector(`${panel} button[aria-disabled=true]`);
    await page.check();
    await page.page.$eval(panel, (section) => section.scrollIntoView());
    await page.screenshot("drills-running");
    await members[0]?.write(drillKey, announced(true));
    await page.seesNot("A drill of node2 is under way");
  });

  test("an officer orders one, another approves it, and what came of it is told and filed", async () => {
    const page = await visit("overview.html", { role: "officer" });
    await page.click("button", "Hold a drill");
    await page.sees("Another person must approve it");
    await page.sees("Incus of node1 is killed, as a fault would");
    await page.page.select("[role=dialog] select", "node3");
    await page.sees("Go to the page of node3, and order it there");
    expect(await page.page.$eval("[role=dialog] form a", (link) => link.getAttribute("href"))).toBe(
      "#/?node=node3",
    );
    await page.check();
    await page.page.select("[role=dialog] select", "node1");
    await page.fill("Seconds", "4", "spinbutton");
    await page.sees("Keep it away for at least 5 seconds.");
    await page.fill("Seconds", "5", "spinbutton");
    await page.fill("Reason", "the yearly drill");
    await page.sees(
      "dsecos cluster drill node1 --kind kill --seconds 5 --reason 'the yearly drill'",
    );
    await page.check();
    await page.screenshot("drills-order");
    await page.click("button", "Ask to hold it");
    await page.sees("waits for a second person");
    const list = (await second.call(approvals, "List")) as { id: string; hash: string }[];
    await second.call(approvals, "Approve", list[0]?.id, list[0]?.hash);
    await page.click("button", "Carry out now");
    await page.page.waitForSelector(`${panel} [data-drill=node1]`);
    await page.sees("The other nodes are told.");
    const told = async () => {
      const { config } = await bed.api.request("GET", "/1.0/cluster/members/node1");
      return readAnnouncement(config[drillKey] ?? "");
    };
    await expect.poll(told, { timeout: 30_000 }).toMatchObject({ kind: "kill", over: false });
    const id = (await told())?.id ?? "";
    for (const member of members) await member.write(seenKey, writeSeen(id, null));
    await expect.poll(told, { timeout: 30_000 }).toMatchObject({ id, over: true });
    for (const member of members) {
      await member.write(seenKey, writeSeen(id, { ...none, pages: 70 }));
    }
    await page.sees("systemd does not answer on the bus of this node");
    await page.sees("1,000 drills on record");
    await page.page.locator(`${panel} summary`).click();
    await page.sees("not as planned");
    await page.sees("the yearly drill");
    await page.check();
  });
});
