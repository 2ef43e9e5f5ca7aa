/**
 * Daemons of a real cluster with three monitors that end or hang, one after the other, under a page
 * that nobody reloads: it says which one and what to do, and takes it back when it is there again.
 */
import { join } from "node:path";
import { afterAll, beforeAll, expect, test, vi } from "vitest";
import { type Cluster, noCeph, withCeph } from "../lib/ceph-cluster.ts";
import { type Visit, visit, withBrowser } from "./harness.ts";

vi.setConfig({ testTimeout: 150_000, hookTimeout: 120_000 });

withBrowser();

let cluster: Cluster;
/** What a loaded machine may take; what it took is printed. */
const patience = { timeout: 60_000, polling: 50 };

const quorum = async () => {
  const status = JSON.parse(await cluster.ceph(["quorum_status", "-f", "json"]));
  return status as { quorum_leader_name: string; quorum_names: string[] };
};

/** Whether the page says of a daemon that something is wrong with it: of its own, or as a code. */
function namesOn({ page }: Visit, daemon: string, isNamed: boolean) {
  return page.waitForFunction(
    (name, expected) => {
      const parts = [...document.querySelectorAll("[data-silent], [data-code]")];
      const word = new RegExp(`\\b${name.replace(".", "\\.")}\\b`);
      const named = parts.some(
        (part) =>
          part.getAttribute("data-silent") === name ||
          // One by one: nothing stands between the text of one and the next.
          [...part.querySelectorAll("p, li")].some((one) => word.test(one.textContent ?? "")),
      );
      return named === expected && (named || document.querySelector("[data-verdict]") !== null);
    },
    patience,
    ...([daemon, isNamed] as const),
  );
}

const told: string[] = [];
afterAll(() => process.stdout.write(`${told.join("\n")}\n`));

function took(what: string, since: number): void {
  told.push(`${what} after ${((performance.now() - since) / 1000).toFixed(1)} s`);
}

if (noCeph === "") {
  beforeAll(async () => {
    const directory = join(process.env.DSECOS_TEST_STATE ?? "", "ceph");
    cluster = await withCeph({ directory, mons: 3, osds: 4 });
  });
  afterAll(() => cluster?.remove());
}

test.skipIf(noCeph).each(["pause", "kill"] as const)(
  "each daemon in turn (%s) is named with what to do, and is taken back without a reload",
  async (how) => {
    const page = await visit("ceph.html#/");
    await page.sees("3 of 3 in quorum", 60_000);
    await page.page.evaluate(() => {
      document.body.dataset.loaded = "once";
    });
    // All of them have greeted before: who was never reached is not called silent.
    await page.sees("9 of 9 that were tried, of 9 daemons", 60_000);
    const leader = `mon.${(await quorum()).quorum_leader_name}`;
    const returned: { daemon: string; at: number }[] = [];
    for (const daemon of ["osd.1", "mds.a", "mgr.x", leader]) {
      await cluster[how](daemon);
      const began = performance.now();
      await namesOn(page, daemon, true);
      took(`${how} ${daemon}: said`, began);
      await page.sees("What to do");
      if (daemon === "osd.1") {
        await page.screenshot(`ceph-daemon-${how}`);
        await page.check();
      }
      if (how === "pause") cluster.resume(daemon);
      else await cluster.start(daemon);
      // One that ended is given up by the cluster before it takes the new one: others go meanwhile.
      returned.push({ daemon, at: performance.now() });
    }
    for (const { daemon, at } of returned.reverse()) {
      await namesOn(page, daemon, false);
      took(`${how} ${daemon}: well again at the latest`, at);
    }
    expect(await page.page.evaluate(() => document.body.dataset.loaded)).toBe("once");
  },
);

test.skipIf(noCeph)(
  "monitors without a quorum are named, and the page comes back with them",
  async () => {
    const page = await visit("ceph.html#/topology");
    await page.page.waitForSelector('[data-row="default/ae/dubai/dxb-01/osd.3"]');
    const { quorum_leader_name, quorum_names } = await quorum();
    const away = [...quorum_names].sort((one) => (one === quorum_leader_name ? -1 : 1)).slice(0, 2);
    for (const name of away) await cluster.kill(`mon.${name}`);
    const ended = performance.now();
    await page.page.waitForSelector('[data-state="noQuorum"]', patience);
    took("no quorum: said", ended);
    for (const name of away) {
      await page.page.waitForSelector(`[data-silent="mon.${name}"]`, patience);
    }
    await page.sees("Only 1 of 3 monitors answer this node");
    await page.screenshot("ceph-daemons-no-quorum");
    await page.check();
    for (const name of away) await cluster.start(`mon.${name}`);
    const started = performance.now();
    await page.page.waitForFunction(
      () =>
        document.querySelector('[data-row="default/ae/dubai/dxb-01/osd.3"]') !== null &&
        document.querySelector("[data-silent]") === null,
      patience,
    );
    took("no quorum: well again", started);
  },
);
