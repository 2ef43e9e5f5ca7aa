/**
 * Pages that act on another node, over a real channel to a real sshd: this machine plays the other node,
 * too, so both have one agent. What differs between two nodes is tried where there are several.
 */
import { afterAll, beforeAll, describe, expect, test, vi } from "vitest";
import { noIncusCluster } from "../lib/incus-cluster.ts";
import { LoopbackSsh, noSshd } from "../lib/loopback-ssh.ts";
import { people } from "../lib/test-stack.js";
import { asWalk } from "../lib/walk.ts";
import { type Visit, visit, withBrowser } from "./harness.ts";
import { withNodes } from "./nodes-bed.ts";

vi.setConfig({ testTimeout: 120_000, hookTimeout: 120_000 });

const missing = noIncusCluster || noSshd;
const band = "[data-node=node2]";
const picker = "select[aria-label=Node]";

/** What Cockpit itself writes when a channel to a host fails. */
const cockpitSays =
  /^console warn: (Peer exited with status|\[Errno -?\d+\] ssh: (connect to host|Could not resolve hostname))/;

const hash = ({ page }: Visit) => page.evaluate(() => location.hash);

describe.skipIf(missing !== "")(`the node of a page${missing && `: ${missing}`}`, () => {
  withBrowser();
  const bed = withNodes();
  const ssh = new LoopbackSsh(people.operator, bed.directory, bed.stack.context.environment);
  beforeAll(async () => {
    await ssh.start(["node2", "node4"]);
  });
  afterAll(() => ssh.stop());
  asWalk();

  test("is not to be chosen where a node is all of its cluster", async () => {
    const page = await visit("tenants.html");
    await page.sees("Create a tenant");
    await page.page.waitForNetworkIdle();
    expect(await page.page.$(picker)).toBeNull();
  });

  test("is chosen on a page, told plainly, and stays in the address", async () => {
    const node2 = await bed.join("node2");
    bed.beat(node2);
    await bed.join("node3");
    const page = await visit("tenants.html");
    await page.page.waitForSelector(picker);
    await page.check();
    await page.page.select(picker, "node2");
    await page.page.waitForSelector(band);
    await page.sees("You act on the node node2. You are logged in on node1.");
    await page.sees("Create a tenant");
    expect(await hash(page)).toBe("#/?node=node2");
    expect(await page.page.title()).toBe("Tenants on node2 - DsecOS");
    await page.check();
    await page.screenshot("node-chosen");
    await page.page.reload();
    await page.page.waitForSelector(band);
    await page.sees("Create a tenant");
  });

  test("goes along to other places and pages, and back at a button", async () => {
    const page = await visit("overview.html#/?node=node2", { width: 800, theme: "dark" });
    await page.page.waitForSelector(band);
    await page.sees("What can be relied on");
    await page.screenshot("node-chosen");
    await page.page.evaluate(() => {
      location.hash = "#/?verdict=bad";
    });
    await page.page.waitForFunction(() => location.hash.includes("node=node2"));
    await page.page.locator("a.ds-count[href*='tenants.html']").click();
    await page.page.waitForFunction(() => location.pathname.endsWith("/tenants.html"));
    await page.page.waitForSelector(band);
    await page.sees("Create a tenant");
    await page.page.locator("::-p-aria([role=button][name='Back to node1'])").click();
    await page.page.waitForFunction(() => !location.hash.includes("node"));
    await page.page.waitForSelector(picker);
    expect(await page.page.$(band)).toBeNull();
    await page.page.goto(page.page.url().replace("tenants.html", "overview.html"));
    await page.page.locator("tr[data-row=node2] a").click();
    await page.page.waitForSelector(band);
  });

  test("is asked together with others, with one progress and what came of each", async () => {
    const page = await visit("overview.html");
    page.expect(cockpitSays);
    await page.click("button", "Act on several");
    const node3 = "node3 (not heard of)";
    await page.page.locator(`::-p-aria([role=checkbox][name="${node3}"])`).click();
    await page.check();
    await page.screenshot("nodes-act-choose");
    await page.click("button", "Begin");
    await page.sees("3 of 3 nodes, all done");
    const told = (node: string) =>
      page.page.$eval(`[role=dialog] tr[data-row=${node}]`, ({ textContent }) => textContent);
    expect(await told("node1")).toMatch(/checks?: \d+ bad, \d+ with a warning/);
    expect(await told("node2")).toMatch(/checks?: \d+ bad, \d+ with a warning/);
    expect(await told("node3")).toContain("node3 cannot be reached over SSH.");
    await page.check();
    await page.screenshot("nodes-act-done");
  });

  test("is lost and found again", async () => {
    const page = await visit("tenants.html#/?node=node2");
    await page.sees("Create a tenant");
    page.expect(cockpitSays);
    await ssh.hangUp();
    await page.page.waitForSelector(`${band} [role=status] p`);
    await page.check();
    await ssh.listen();
    await page.page.waitForSelector(`${band} [role=status]:empty`, { timeout: 60_000 });
    await page.sees("Create a tenant");
  });

  test.each([
    ["whose host key is not known", () => ssh.knows(), "does not know the host key of node2"],
    ["whose host key is another", () => ssh.knows("other"), "shows another host key than it had"],
    ["that lets nobody in", () => ssh.lets(false), "does not let you in"],
    ["without Cockpit", () => ssh.listen("/nonexistent"), "has no Cockpit"],
    ["that is down", async () => undefined, "cannot be reached over SSH"],
  ])("%s is told with what to do", async (_name, spoil, told) => {
    await ssh.hangUp();
    if (told.includes("host key") || told.includes("let you in")) await ssh.listen();
    await spoil();
    const page = await visit("tenants.html#/?node=node2");
    page.expect(cockpitSays);
    await page.sees(told);
    await page.sees("There is no way to this node.");
    await page.page.waitForSelector(`${band} code`);
    await page.check();
    await page.screenshot("node-no-way");
    ssh.knows("host");
    ssh.lets(true);
  });

  test("of another version is told, and so is one whose agent is away", async () => {
    await ssh.listen();
    const node4 = await bed.join("node4");
    const versions = { agent: "9.9.9", incus: "", ceph: "", kernel: "", os: "" };
    await node4.publish("facts", bed.facts({ versions }));
    const newer = await visit("tenants.html#/?node=node4");
    await newer.sees("Its DsecOS is 9.9.9 and that of these pages 0.1.0");
    await newer.check();
    const page = await visit("tenants.html#/?node=node2");
    await page.sees("Create a tenant");
    const agent = bed.stack.component("agent");
    await agent.stop();
    try {
      await page.sees("The DsecOS agent of node2 does not run.");
      await page.check();
    } finally {
      await agent.start();
    }
    await page.seesNot("The DsecOS agent of node2 does not run.");
  });

  test("is one of the cluster, whatever the address says", async () => {
    const page = await visit("tenants.html#/?node=evil.example");
    await page.sees("The cluster of node1 has no node “evil.example”.");
    await page.page.waitForSelector(picker);
    await page.check();
    const own = await visit("tenants.html#/?node=node1");
    // The page loads itself anew, perhaps before all of its parts are there.
    own.expect(/^(failed: .*\.js|console debug: (part|dialog))/);
    await own.page.waitForFunction(
      () => location.hash === "#/" && document.body.textContent.includes("Create a tenant"),
    );
    const nonsense = await visit("tenants.html#/?node=-oProxyCommand%3Dtrue");
    await nonsense.sees("Create a tenant");
    expect(await nonsense.page.$("[data-node]")).toBeNull();
  });
});
