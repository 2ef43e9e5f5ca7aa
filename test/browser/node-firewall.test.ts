/** The firewall on the overview, of a node in a network namespace of its own. */
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { approvals } from "../../agent/approvals/contract.ts";
import { cockpitComponent } from "../../packaging/setup/components/cockpit.js";
import { Person } from "../lib/caller.ts";
import { FirewallBed } from "../lib/node-firewall-bed.ts";
import { people } from "../lib/test-stack.js";
import { asWalk } from "../lib/walk.ts";
import { visit, withBrowser } from "./harness.ts";

withBrowser();

describe("the firewall on the overview", () => {
  const bed = new FirewallBed();
  const roles = ["officer", "viewer"] as const;
  const before = roles.map((role) => process.env[variable(role)]);
  const cockpits = roles.map((role) =>
    cockpitComponent(bed.stack.context, { name: `cockpit-${role}`, localSession: people[role] }),
  );
  let other: Person;

  beforeAll(async () => {
    await bed.start();
    await bed.in("node").ask("listen", [22, 9090], []);
    await bed.startAgent({});
    for (const [index, role] of roles.entries()) {
      await cockpits[index]?.start();
      process.env[variable(role)] = `http://127.0.0.1:${cockpits[index]?.port()}`;
    }
    other = await Person.as(people.officer2, bed.environment);
  }, 120_000);
  afterAll(async () => {
    other?.end();
    for (const cockpit of cockpits) await cockpit.stop();
    await bed.stop();
    for (const [index, role] of roles.entries()) process.env[variable(role)] = before[index];
  });
  asWalk();

  test("says to a viewer that it is off, and why he cannot load it", async () => {
    const page = await visit("overview.html", { role: "viewer", width: 800, theme: "dark" });
    await page.sees("No rules of ours are loaded");
    await page.page.waitForSelector('[data-firewall="off"] button[aria-disabled="true"]');
    await page.page.locator("::-p-text(What listens here, and who can reach it)").click();
    await page.sees("Beside SSH and HTTPS, open to all: 1.");
    await page.check();
    await page.screenshot("firewall-off");
  });

  test("is loaded by an officer with another's approval, and confirmed", async () => {
    const page = await visit("overview.html", { role: "officer" });
    await page.click("button", "Load the declared rules");
    await page.sees("Another person must approve it");
    await page.check();
    await page.click("button", "Ask to load them");
    await page.sees("waits for a second person");
    const list = (await other.call(approvals, "List")) as { id: string; hash: string }[];
    await other.call(approvals, "Approve", list[0]?.id, list[0]?.hash);
    await page.click("button", "Carry out now");
    await page.page.waitForSelector('[data-firewall="trial"]');
    await page.sees("unless these are confirmed");
    await page.check();
    await page.page.$eval("#ov-firewall", (title) => title.scrollIntoView());
    await page.screenshot("firewall-trial");
    await page.click("button", "Confirm");
    await page.page.waitForSelector('[data-firewall="loaded"]');
    await page.page.locator("::-p-text(What the rules counted)").click();
    await page.sees("came and were refused");
    await page.check();
    await page.page.$eval("#ov-firewall", (title) => title.scrollIntoView());
    await page.screenshot("firewall-loaded");
  });

  test("shows what differs", async () => {
    bed.run("node", "nft", "add", "rule", "inet", "dsecos", "input", "accept");
    const page = await visit("overview.html", { role: "viewer", width: 800 });
    await page.page.waitForSelector('[data-firewall="drift"]');
    const lines = await page.page.$$eval(".ov-drift li", (all) =>
      all.map((one) => one.textContent),
    );
    expect(lines).toEqual([expect.stringMatching(/loaded besides\s*accept/)]);
    await page.check();
    await page.screenshot("firewall-drift");
  });
});

function variable(role: string): string {
  return `DSECOS_TEST_COCKPIT_${role.toUpperCase()}`;
}
