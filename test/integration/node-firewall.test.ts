/**
 * The firewall of a node, tried from outside of it: what a scan finds, what leaves, what passes, and
 * what becomes of rules that cut off whoever loaded them. The steps stand in their order.
 */
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { approvals } from "../../agent/approvals/contract.ts";
import { audit } from "../../agent/audit/contract.ts";
import { node } from "../../agent/node/contract.ts";
import type { AirGap, FirewallStatus, Listener } from "../../agent/node/firewall/answers.ts";
import { Person } from "../lib/caller.ts";
import { addresses, FirewallBed } from "../lib/node-firewall-bed.ts";
import { people } from "../lib/test-stack.js";
import { asWalk } from "../lib/walk.ts";

const { outside, member, red, blue } = addresses;
const declared = {
  members: [member.there],
  ways: [
    { name: "dns", to: outside.there, protocol: "udp", port: 53 },
    { name: "mirror", to: outside.there, protocol: "tcp", port: 80, tenants: true },
  ],
};
const cuttingOff = { ...declared, administrators: ["203.0.113.0/24"] };
const soon = { timeout: 40_000, interval: 200 };

describe("the firewall of a node", () => {
  const bed = new FirewallBed();
  const persons: Partial<Record<keyof typeof people, Person>> = {};
  const as = (who: keyof typeof people) => {
    const person = persons[who];
    if (person === undefined) throw new Error(`no ${who}`);
    return person;
  };

  beforeAll(async () => {
    await bed.start();
    await bed.in("node").ask("listen", [22, 443, 8443, 9090, 3300], [53, 67, 161]);
    await bed.in("outside").ask("listen", [80, 8080], [53, 123]);
    await bed.in("blue").ask("listen", [80], []);
    await bed.startAgent(declared);
    for (const who of ["viewer", "operator", "auditor", "officer", "officer2"] as const) {
      persons[who] = await Person.as(people[who], bed.environment);
    }
  }, 120_000);
  afterAll(async () => {
    for (const person of Object.values(persons)) person.end();
    await bed.stop();
  });
  asWalk();

  const status = () => as("viewer").call(node, "Firewall") as Promise<FirewallStatus>;
  const restart = async (firewall: object) => {
    await bed.killAgent();
    await bed.startAgent(firewall);
  };

  /** Asks, has it approved by another officer, and does it. */
  async function apply(confirmSeconds: number): Promise<string> {
    const policy = (await status()).declared?.policy ?? "";
    const inputs = [policy, { confirmSeconds }];
    const asked = await as("officer").try(node, "ApplyFirewall", ...inputs);
    expect(asked.error?.name, asked.error?.message).toBe("org.dsecos.Error.NeedsApproval");
    const id = /request ([0-9a-f]{16})/.exec(asked.error?.message ?? "")?.[1];
    const list = (await as("officer2").call(approvals, "List")) as { id: string; hash: string }[];
    const request = list.find((one) => one.id === id);
    await as("officer2").call(approvals, "Approve", id, request?.hash);
    await as("officer").call(node, "ApplyFirewall", ...inputs);
    return policy;
  }

  test("is off at first, and everything that listens is open", async () => {
    const { state, remedy } = await status();
    expect(state).toBe("off");
    expect(remedy).toContain("dsecos node apply-firewall");
    const { rows } = (await as("viewer").call(node, "Listeners")) as { rows: Listener[] };
    const found = rows.filter(({ reach }) => reach === "open");
    expect(found.map(({ protocol, port }) => `${protocol} ${port}`).sort()).toEqual(
      [
        "tcp 22",
        "tcp 443",
        "tcp 8443",
        "tcp 9090",
        "tcp 3300",
        "udp 53",
        "udp 67",
        "udp 161",
      ].sort(),
    );
    expect(found.every(({ process }) => process === "node")).toBe(true);
    expect(await bed.in("outside").ask("reaches", outside.here, 9090)).toBe(true);
    expect(await bed.in("outside").ask("answers", outside.here, [53, 67, 161])).toEqual([
      53, 67, 161,
    ]);
    expect(await bed.in("red").ask("reaches", blue.there, 80)).toBe(true);
  });

  test.each(["viewer", "operator", "auditor"] as const)("refuses the %s", async (who) => {
    const { declared: wanted } = await status();
    const tried = await as(who).try(node, "ApplyFirewall", wanted?.policy, {});
    // By the bus, or by the agent after it asked polkit.
    expect(tried.error?.name).toMatch(/Denied$/);
    const confirmed = await as(who).try(node, "ConfirmFirewall", wanted?.policy);
    expect(confirmed.error?.name).toMatch(/Denied$/);
  });

  test("is loaded with a second person, and kept by who loaded it", async () => {
    await bed.in("outside").ask("hold", "ssh", outside.here, 22);
    const policy = await apply(300);
    expect((await status()).state).toBe("trial");
    const other = await as("officer2").try(node, "ConfirmFirewall", policy);
    expect(other.error?.message).toContain(people.officer);
    // A connection from before the rules goes on.
    expect(await bed.in("outside").ask("echoes", "ssh")).toBe(true);
    const kept = (await as("officer").call(node, "ConfirmFirewall", policy)) as FirewallStatus;
    expect(kept).toMatchObject({ state: "loaded", drift: [], trial: null });
    expect(kept.confirmed).toMatchObject({ policy, by: people.officer });
  });

  test("shows 22 and 443 of all ports to whoever scans from outside", async () => {
    expect(bed.scan("outside", outside.here)).toEqual([22, 443]);
    expect(await bed.in("outside").ask("answers", outside.here, [53, 67, 161])).toEqual([]);
    const { counters } = await status();
    const refused = counters.find(({ name }) => name === "in_refused");
    expect(Number(refused?.packets)).toBeGreaterThanOrEqual(65_533);
    const { rows } = (await as("viewer").call(node, "Listeners")) as { rows: Listener[] };
    const reach = Object.fromEntries(
      rows.map(({ protocol, port, reach }) => [`${protocol} ${port}`, reach]),
    );
    expect(reach).toMatchObject({ "tcp 22": "open", "tcp 443": "open", "tcp 9090": "blocked" });
    expect(reach).toMatchObject({
      "tcp 8443": "members",
      "udp 67": "tenants",
      "udp 161": "blocked",
    });
  }, 60_000);

  test("opens the cluster's own ports to members alone", async () => {
    for (const port of [22, 443, 8443, 3300]) {
      expect(await bed.in("member").ask("reaches", member.here, port), `${port}`).toBe(true);
    }
    expect(await bed.in("member").ask("reaches", member.here, 9090)).toBe(false);
    expect(await bed.in("outside").ask("reaches", outside.here, 8443)).toBe(false);
  });

  test("lets nothing leave but the declared ways, and counts both", async () => {
    expect(await bed.in("node").ask("answers", outside.there, [53, 123])).toEqual([53]);
    expect(await bed.in("node").ask("reaches", outside.there, 8080)).toBe(false);
    const { now, filed } = (await as("auditor").call(node, "AirGap")) as AirGap;
    expect(now?.left.way_dns).toBe("1");
    expect(Number(now?.refused)).toBeGreaterThanOrEqual(2);
    expect(now?.text).toContain(`1 left to dns: ${outside.there}, udp 53`);
    // The rules were loaded in this time: that is said, and the statement is not whole.
    expect(now?.whole).toBe(false);
    // One was filed when the rules were loaded.
    expect(filed[0]?.gaps.join()).toContain("other rules are loaded");
    const filter = { action: "node.AirGapFiled" };
    const { rows } = (await as("auditor").call(audit, "List", filter)) as { rows: unknown[] };
    expect(rows).toHaveLength(filed.length);
  });

  test("keeps tenants' networks apart", async () => {
    expect(await bed.in("red").ask("reaches", blue.there, 80)).toBe(false);
    expect(await bed.in("red").ask("reaches", outside.there, 80)).toBe(true);
    expect(await bed.in("red").ask("reaches", outside.there, 8080)).toBe(false);
    expect(await bed.in("outside").ask("reaches", blue.there, 80)).toBe(false);
    expect(await bed.in("red").ask("answers", red.here, [53, 161])).toEqual([53]);
    const { now } = (await as("viewer").call(node, "AirGap")) as AirGap;
    expect(Number(now?.left.tenant_way_mirror)).toBeGreaterThan(0);
  });

  test("says what differs where somebody changed the loaded rules, and that counters were reset", async () => {
    bed.run(
      "node",
      "nft",
      "add",
      "rule",
      "inet",
      "dsecos",
      "input",
      "tcp",
      "dport",
      "9090",
      "accept",
    );
    const drifted = await status();
    expect(drifted.state).toBe("drift");
    expect(drifted.drift).toEqual([{ change: "added", text: "tcp dport 9090 accept" }]);
    const reach = async () => {
      const { rows } = (await as("viewer").call(node, "Listeners")) as { rows: Listener[] };
      return rows.find(({ port }) => port === 9090)?.reach;
    };
    await expect.poll(reach, soon).toBe("unknown");
    bed.run("node", "nft", "reset", "counters", "table", "inet", "dsecos");
    const { now } = (await as("viewer").call(node, "AirGap")) as AirGap;
    expect(now?.gaps).toContain("Somebody reset counters.");
    expect(now?.gaps).toContain("Rules were loaded that nobody confirmed.");
    bed.run("node", "nft", "delete", "table", "inet", "dsecos");
    expect((await status()).state).toBe("off");
    const policy = await apply(300);
    await as("officer").call(node, "ConfirmFirewall", policy);
    expect((await status()).state).toBe("loaded");
  });

  test("takes back rules that cut off whoever loaded them", async () => {
    await restart(cuttingOff);
    expect((await status()).state).toBe("drift");
    await bed.in("outside").ask("hold", "session", outside.here, 443);
    expect(await bed.in("outside").ask("echoes", "session")).toBe(true);
    await apply(10);
    expect(await bed.in("outside").ask("echoes", "session")).toBe(false);
    expect(await bed.in("outside").ask("reaches", outside.here, 22)).toBe(false);
    await expect.poll(() => bed.in("outside").ask("reaches", outside.here, 22), soon).toBe(true);
    // TCP tries again at longer and longer intervals.
    await expect.poll(() => bed.in("outside").ask("echoes", "session"), soon).toBe(true);
    await expect.poll(async () => (await status()).trial, soon).toBeNull();
    const filter = { action: "node.FirewallRolledBack" };
    const { rows } = (await as("auditor").call(audit, "List", filter)) as {
      rows: { error: string }[];
    };
    expect(rows.map(({ error }) => error)).toEqual(["nobody confirmed them in time"]);
    expect((await status()).remedy).toContain("Load them");
  }, 60_000);

  test("takes them back when the agent is killed before they are confirmed", async () => {
    const listing = () => bed.run("node", "nft", "-s", "list", "table", "inet", "dsecos");
    const before = listing();
    const policy = await apply(10);
    expect(listing()).not.toBe(before);
    await bed.killAgent();
    expect(await bed.in("outside").ask("reaches", outside.here, 22)).toBe(false);
    await bed.startAgent(cuttingOff);
    await expect.poll(() => bed.in("outside").ask("reaches", outside.here, 22), soon).toBe(true);
    expect(listing()).toBe(before);
    const late = await as("officer").try(node, "ConfirmFirewall", policy);
    expect(late.error?.name).toBe("org.dsecos.Error.Conflict");
  }, 60_000);
});
