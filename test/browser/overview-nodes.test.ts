/** All nodes of a cluster on the overview and on the wall, and what a hostile one can do to them. */
import { describe, expect, test, vi } from "vitest";
import { logFile } from "../../packaging/setup/lib/daemons.js";
import type { GeneratedMember } from "../lib/generated-members.ts";
import { noIncusCluster } from "../lib/incus-cluster.ts";
import { asWalk } from "../lib/walk.ts";
import { type Visit, visit, withBrowser } from "./harness.ts";
import { withNodes } from "./nodes-bed.ts";

vi.setConfig({ testTimeout: 120_000, hookTimeout: 120_000 });

const section = "[aria-label='Nodes of the cluster']";
const changed = "section[aria-labelledby=ov-changes]";
const cell = (node: string, column: string) => `tr[data-row="${node}"] [data-column=${column}]`;

/** Waits until the table says so of a node. */
async function says({ page }: Visit, node: string, column: string, text: string): Promise<void> {
  await page.waitForFunction(
    (selector, wanted) => document.querySelector(selector)?.textContent?.includes(wanted),
    {},
    cell(node, column),
    text,
  );
}

/** Waits until the table has these, in this order. */
async function waitForNodes({ page }: Visit, wanted: string): Promise<void> {
  await page.waitForFunction(
    (rows, names) =>
      [...document.querySelectorAll<HTMLElement>(rows)]
        .map(({ dataset }) => dataset.row)
        .join(" ") === names,
    {},
    `${section} tr[data-row]`,
    wanted,
  );
}

/** Rows of what changed as words, the newest first. */
const changesOf = ({ page }: Visit) =>
  page.$$eval(`${changed} [data-changes] tr[data-row]`, (rows) =>
    rows.map((row) =>
      [...row.querySelectorAll("td:not([data-column=at])")]
        .map((shown) => shown.textContent)
        .join(" ")
        .replace("→then", " → "),
    ),
  );

async function changesSay(page: Visit, text: string): Promise<void> {
  await expect
    .poll(() => changesOf(page), { timeout: 30_000 })
    .toContainEqual(expect.stringContaining(text));
}

describe.skipIf(noIncusCluster !== "")(`nodes${noIncusCluster && `: ${noIncusCluster}`}`, () => {
  withBrowser();
  const bed = withNodes();
  let node2: GeneratedMember;
  asWalk();

  test("a node that is all of its cluster shows no others", async () => {
    const page = await visit("overview.html");
    await page.sees("What can be relied on");
    await page.sees("Firewall and air gap");
    expect(await page.page.$(section)).toBeNull();
    // What changed, and the last hour, it shows of itself.
    await page.page.waitForSelector(`${changed} [data-trends="1"] [data-row=node1] path`);
    expect(await page.page.$(`${changed} select[aria-label='Changes of which node']`)).toBeNull();
    await page.click("button", "About what changed");
    await page.sees("dsecos cluster history");
  });

  test.each([
    [1280, "light"],
    [800, "dark"],
  ] as const)("nodes are shown worst first, at %i pixels, %s", async (width, theme) => {
    const isFirst = node2 === undefined;
    if (isFirst) {
      node2 = await bed.join("node2");
      bed.beat(node2);
      await node2.publish("log");
      await bed.join("node3");
    }
    const page = await visit("overview.html", { width, theme });
    await says(page, "node2", "log", "only grows");
    await says(page, "node2", "verdict", "good");
    await says(page, "node3", "verdict", "unknown");
    await page.sees("node3 has told nothing of itself.");
    await page.check();
    await page.screenshot("overview-nodes");
  });

  test("nodes are found, sorted and opened by keyboard, all of it in the address", async () => {
    const page = await visit("overview.html");
    await page.page.waitForSelector(cell("node2", "name"));
    await page.page.select("select[aria-label='Which nodes']", "unknown");
    await waitForNodes(page, "node3");
    await page.sees("1 of 3 nodes");
    await page.page.select("select[aria-label='Which nodes']", "");
    await page.click("button", "Node");
    await waitForNodes(page, "node1 node2 node3");
    await page.page.focus('[aria-label="Details of node2"]');
    await page.page.keyboard.press("Enter");
    await page.sees("20 events shown, 20 witnessed here");
    await page.check();
    await page.page.reload();
    await page.sees("20 events shown, 20 witnessed here");
    await waitForNodes(page, "node1 node2 node3");
    await page.fill("Search in the nodes", "node9", "searchbox");
    await page.sees("No node fits this");
    await page.click("button", "Clear all filters");
    await waitForNodes(page, "node1 node2 node3");
  });

  test("a log that is set back turns red by itself, with what to do", async () => {
    const page = await visit("overview.html");
    await says(page, "node2", "log", "only grows");
    const shown = node2.log.copy(15).checkpoint();
    await node2.publish("log", JSON.stringify({ ...(await node2.published()), checkpoint: shown }));
    await says(page, "node2", "log", "set back");
    await says(page, "node2", "verdict", "bad");
    await page.sees("dsecos cluster acknowledge-log");
    await waitForNodes(page, "node1 node2 node3");
    await page.check();
  });

  test.each([
    [1280, "light"],
    [800, "dark"],
  ] as const)(
    "what changed on all nodes is told in words, with the last hour, at %i pixels, %s",
    async (width, theme) => {
      const page = await visit("overview.html", { width, theme, role: "viewer" });
      await changesSay(page, "node2 Audit log, as seen from here only grows → set back");
      await changesSay(page, "node3 Member of the cluster not in it → in it");
      await page.page.waitForSelector(`${changed} [data-trends="2"] [data-row=node2] path`);
      await page.check();
      await page.page.$eval(changed, (shown) => shown.scrollIntoView());
      await page.screenshot("overview-changes");
    },
  );

  test("changes are filtered by node by keyboard, and the address has it", async () => {
    const page = await visit("overview.html");
    await changesSay(page, "node3 Member of the cluster");
    await page.page.focus(`${changed} select[aria-label='Changes of which node']`);
    await page.page.keyboard.type("node2");
    await page.page.waitForSelector(`${changed} [data-trends="1"]`);
    expect(await changesOf(page)).not.toContainEqual(expect.stringContaining("node3"));
    expect(await page.page.evaluate(() => location.hash)).toContain("change-node=node2");
    await page.page.reload();
    await page.page.waitForSelector(`${changed} [data-trends="1"]`);
    await page.page.evaluate(() => {
      location.hash = "#/?change-node=node9";
    });
    await page.sees("No change fits this");
    await page.click("button", "Clear all filters");
    await changesSay(page, "node3 Member of the cluster");
  });

  test("an agent that does not know what changed is told to be older", async () => {
    const page = await visit("console.html");
    // As every page of a later version asks: for a member that the bus lets nobody call here.
    await page.page.evaluateOnNewDocument(() => {
      const send = WebSocket.prototype.send;
      WebSocket.prototype.send = function (data) {
        send.call(this, typeof data === "string" ? data.replace('"History"', '"Histories"') : data);
      };
    });
    await page.page.goto(page.page.url().replace("console.html", "overview.html"));
    await page.page.waitForSelector(`${changed} [data-changes=older]`);
    await page.sees("Bring it to the version of the others.");
    await page.sees("What can be relied on");
    await page.check();
  });

  test.each([
    [1280, "dark"],
    [800, "light"],
  ] as const)("the wall shows it all, and Escape leaves, at %i pixels", async (width, theme) => {
    const page = await visit("overview.html#/wall", { width, theme });
    await page.page.waitForSelector('[data-node="node2"]');
    await page.sees("3 nodes: ");
    await page.sees("The audit log of node2 has fewer events than it had");
    expect(await page.page.$$("button, a, input, select")).toHaveLength(0);
    await page.check();
    await page.screenshot("overview-wall");
    await page.page.keyboard.press("Escape");
    await page.page.waitForSelector(section);
    expect(await page.page.evaluate(() => location.hash)).toBe("#/");
  });

  test("the wall says that it is old when nobody answers", async () => {
    const page = await visit("overview.html#/wall");
    await page.page.waitForSelector('[data-node="node2"]');
    const agent = bed.stack.component("agent");
    await agent.stop();
    try {
      await page.sees("and not the latest.");
      await page.sees("The DsecOS agent does not run on this node.");
      await page.page.waitForSelector('[data-node="node2"]');
    } finally {
      await agent.start();
    }
    await page.seesNot("and not the latest.");
  });

  test("hostile members harm no page and no agent", async () => {
    const script = "<script>window.harmed=1</script><img src=x onerror='window.harmed=1'>";
    const markup = bed.facts({
      versions: {
        agent: "<b>1</b>",
        incus: "",
        ceph: "",
        kernel: "k".repeat(60),
        os: "javascript:1",
      },
      health: [
        { subsystem: "constructor", state: "bad", text: script },
        { subsystem: "hsm", state: "bad", text: "W".repeat(160) },
      ],
      flags: Array.from({ length: 12 }, () => ({
        ...{ id: "x", verdict: "bad", title: "<b>bold</b>" },
      })),
    });
    const hostile = {
      big: "x".repeat(3_000_000),
      broken: '{"format":1,',
      foreign: JSON.stringify({ format: script }),
      hidden: "\u202e\u0000".repeat(100),
      proto: '{"__proto__":{"harmed":1},"constructor":{"prototype":{"harmed":1}}}',
    };
    for (const [name, text] of Object.entries({ ...hostile, markup })) {
      const member = await bed.join(name);
      await member.publish("facts", text);
      await member.publish("log", text);
    }
    const page = await visit("overview.html#/?open=markup", { width: 800 });
    await page.sees("<img src=x");
    for (const name of Object.keys(hostile)) {
      await says(page, name, "log", "unreadable");
      await says(page, name, "verdict", "bad");
    }
    const wider = () =>
      page.page.evaluate(
        () => document.documentElement.scrollWidth > document.documentElement.clientWidth,
      );
    expect(await wider(), "scrolls sideways").toBe(false);
    await page.check();
    await page.screenshot("overview-hostile");
    await page.page.evaluate(() => {
      location.hash = "#/wall";
    });
    await page.page.waitForSelector('[data-node="markup"]');
    expect(await wider(), "the wall scrolls sideways").toBe(false);
    await page.check();
    const harm = await page.page.evaluate(() => ({
      ran: "harmed" in window || "harmed" in Object.prototype,
      made: document.querySelectorAll("#app script, #app img, #app b, a[href^=javascript]").length,
    }));
    expect(harm).toEqual({ ran: false, made: 0 });
    const complaints = bed
      .complaints()
      .filter((line) => !line.includes("the audit log of another node is not what it was"));
    expect(complaints, logFile(bed.directory, "agent")).toEqual([]);
  });

  test("the page allows no script but its own files", async () => {
    const page = await visit("overview.html");
    await page.sees("What can be relied on");
    const policy = await page.page.evaluate(async () => {
      const answer = await fetch(location.pathname);
      return answer.headers.get("content-security-policy") ?? "";
    });
    expect(policy).toContain("default-src 'self'");
    expect(policy).not.toContain("unsafe-eval");
    expect(/script-src[^;]*unsafe-inline/.test(policy), policy).toBe(false);
  });
});
