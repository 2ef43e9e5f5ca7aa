/** A whole agent over a real Incus: alone, as a cluster of one, and beside members that are hostile. */
import { mkdtempSync } from "node:fs";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { type ApprovalRecord, approvals } from "../../agent/approvals/contract.ts";
import { audit } from "../../agent/audit/contract.ts";
import type { ClusterStatus } from "../../agent/cluster/answers.ts";
import { cluster } from "../../agent/cluster/contract.ts";
import { readFacts } from "../../agent/cluster/facts/schema.ts";
import type { HistoryAnswer } from "../../agent/cluster/history/answers.ts";
import { logFile } from "../../packaging/setup/lib/daemons.js";
import { incusApi } from "../../packaging/setup/lib/incus-api.js";
import { createStack } from "../../packaging/setup/stack.js";
import { unexpectedLines } from "../lib/agent-log.js";
import { Person } from "../lib/caller.ts";
import { someFacts } from "../lib/cluster-facts.ts";
import { GeneratedMember } from "../lib/generated-members.ts";
import { formCluster, noIncusCluster } from "../lib/incus-cluster.ts";
import { removeTree } from "../lib/remove-tree.js";
import { people } from "../lib/test-stack.js";

const patience = { timeout: 60_000, interval: 500 };
const script = "<script>alert(1)</script>";

describe.skipIf(noIncusCluster !== "")(`an agent${noIncusCluster && `: ${noIncusCluster}`}`, () => {
  const stateDirectory = mkdtempSync("/var/tmp/dsecos-ca-");
  const stack = createStack({
    mode: "private",
    stateDirectory,
    components: ["bus", "polkit", "policies", "incus", "agent"],
    poolGiB: 2,
  });
  const environment = { ...process.env, ...stack.context.environment };
  const api = incusApi(join(stack.context.incusDirectory, "unix.socket"));
  let person: Record<"viewer" | "nobody" | "officer" | "officer2" | "auditor", Person>;
  let other: GeneratedMember;

  beforeAll(async () => {
    await stack.start();
    const roles = ["viewer", "nobody", "officer", "officer2", "auditor"] as const;
    const all = roles.map(async (role) => [role, await Person.as(people[role], environment)]);
    person = Object.fromEntries(await Promise.all(all)) as typeof person;
  }, 120_000);

  afterAll(async () => {
    for (const one of Object.values(person ?? {})) one.end();
    await stack.stop();
    removeTree(stateDirectory);
  }, 120_000);

  const status = async () => (await person.viewer.call(cluster, "Status")) as ClusterStatus;
  const history = async (filter: object = {}) =>
    (await person.viewer.call(cluster, "History", filter)) as HistoryAnswer;
  const row = async (name: string) => (await status()).nodes.find((one) => one.name === name);

  test("that is in no cluster is all of it, and writes nothing", async () => {
    await expect.poll(status, patience).toMatchObject({ state: "alone", trouble: "" });
    const { nodes, node, publishedAt } = await status();
    expect(nodes).toMatchObject([{ name: node, state: "own", incus: "alone", ageSeconds: 0 }]);
    expect(readFacts(JSON.stringify(nodes[0]?.facts))).toMatchObject({ value: { format: 1 } });
    expect(publishedAt).toBe("");
    const { config } = await api.request("GET", "/1.0");
    expect(JSON.stringify(config)).not.toContain("dsecos");
  }, 90_000);

  test("is read by who may, and by nobody else", async () => {
    const denied = await person.nobody.try(cluster, "Status");
    expect(denied.error?.name).toMatch(/Denied$/);
    expect((await person.nobody.try(cluster, "History", {})).error?.name).toMatch(/Denied$/);
    const { node, trends, since } = await history();
    expect(trends).toMatchObject([{ node, cpu: { length: 60 } }]);
    expect(trends[0]?.memory.at(-1)).toBeGreaterThan(0);
    expect(Date.parse(since)).toBeLessThan(Date.now());
    const odd = await person.viewer.try(cluster, "History", { limit: 1001 });
    expect(odd.error?.name).toMatch(/InvalidArgument$/);
    for (const who of [person.viewer, person.auditor]) {
      const refused = await who.try(cluster, "AcknowledgeLog", "node2", "why not");
      expect(refused.error?.name).toMatch(/Denied$/);
      const drill = await who.try(cluster, "Drill", "node1", { kind: "kill", reason: "why not" });
      expect(drill.error?.name).toMatch(/Denied$/);
    }
    expect(await person.viewer.call(cluster, "Drills", {})).toMatchObject({
      ...{ drills: [], filed: 0, running: null, node: "" },
      obstacle: expect.stringContaining("No maintenance window is open"),
    });
  });

  test("holds no drill where no window is declared, and asks nobody to approve one", async () => {
    const spec = { kind: "offline", reason: "to see" };
    const refused = await person.officer.try(cluster, "Drill", "node1", spec);
    expect(refused.error?.name).toBe("org.dsecos.Error.Conflict");
    expect(refused.error?.message).toContain("write “maintenance” into /etc/dsecos/agent.json");
    expect(await person.officer2.call(approvals, "List")).toEqual([]);
  });

  test("lets officers alone form or join one, and asks nobody about what cannot be", async () => {
    const here = "127.0.0.1";
    const invitation = Buffer.from("hello").toString("base64");
    const acts = [
      ["Init", "node1", here],
      ["Invite", "node2"],
      ["CheckJoin", "node1", here, invitation],
      ["Join", "node1", here, "0".repeat(64), invitation],
    ] as const;
    for (const who of [person.viewer, person.auditor, person.nobody]) {
      for (const [member, ...inputs] of acts) {
        const refused = await who.try(cluster, member, ...inputs);
        expect(refused.error?.name).toMatch(/Denied$/);
      }
    }
    expect((await person.nobody.try(cluster, "CheckInit", "node1", here)).error?.name).toMatch(
      /Denied$/,
    );
    expect(await person.viewer.call(cluster, "CheckInit", "node1", here)).toMatchObject({
      ready: false,
      address: "127.0.0.1:8443",
    });
    const told = {
      Init: "Nothing was changed. 127.0.0.1 is no address of this node that others reach.",
      Invite: "This node is in no cluster yet",
      CheckJoin: "This is no invitation",
      Join: "This is no invitation",
    };
    for (const [member, ...inputs] of acts) {
      const refused = await person.officer.try(cluster, member, ...inputs);
      expect(refused.error?.message).toContain(told[member]);
    }
    expect(await person.officer2.call(approvals, "List")).toEqual([]);
    const { config } = await api.request("GET", "/1.0");
    expect(JSON.stringify(config)).not.toContain("https_address");
  }, 60_000);

  test("tells the others of itself once there is a cluster, and of no write on record", async () => {
    await formCluster(api, "node1");
    await expect.poll(async () => (await status()).publishedAt, patience).not.toBe("");
    const { config } = await api.request("GET", "/1.0/cluster/members/node1");
    expect(Object.keys(config).sort()).toEqual(["user.dsecos.facts", "user.dsecos.log"]);
    expect(readFacts(config["user.dsecos.facts"])).toMatchObject({ value: { format: 1 } });
    expect(await status()).toMatchObject({ node: "node1", state: "cluster", trouble: "" });
    const filter = { action: "incus.cluster-member-updated", cursor: "", limit: 10 };
    const { rows } = (await person.auditor.call(audit, "List", filter)) as { rows: unknown[] };
    expect(rows).toEqual([]);
  }, 90_000);

  test("makes of what hostile members write one state each, and goes on", async () => {
    other = await GeneratedMember.join(api, "node2", 2);
    await other.publish("facts");
    await other.publish("log");
    await expect
      .poll(() => row("node2"), patience)
      .toMatchObject({ state: "fresh", verdict: "good", log: { state: "witnessed", seen: 20 } });
    const hostile = {
      big: "x".repeat(3_000_000),
      broken: '{"format":1,',
      script: JSON.stringify({ format: 1, sequence: script }),
      hidden: "\u202e\u0000".repeat(100),
    };
    let number = 3;
    for (const [name, text] of Object.entries(hostile)) {
      const member = await GeneratedMember.join(api, name, number++);
      await member.publish("facts", text);
      await member.publish("log", text);
    }
    const silent = await GeneratedMember.join(api, "mute", number++);
    await expect.poll(() => row(silent.name), patience).toMatchObject({ state: "none" });
    for (const name of Object.keys(hostile)) {
      expect(await row(name)).toMatchObject({
        ...{ state: "unreadable", verdict: "bad", facts: null },
        log: { state: "unreadable" },
      });
    }
    expect(JSON.stringify(await status())).not.toContain("<script");
    // Members came in one after the other, and what the first one says is told with its load.
    const { changes, nodes, trends } = await history({ node: "node2" });
    expect(changes).toContainEqual(
      expect.objectContaining({ what: "member", before: "", after: "member" }),
    );
    expect(trends).toMatchObject([{ node: "node2" }]);
    expect(trends[0]?.cpu).toContain(31);
    expect(nodes).toEqual(expect.arrayContaining([...Object.keys(hostile), "node1", "mute"]));
    expect(JSON.stringify(await history())).not.toContain("<script");
    expect(JSON.stringify(await status()).length).toBeLessThan(64 * 1024);
  }, 90_000);

  test("tells what changed of a node, by what that says and by what is found of it", async () => {
    const versions = { ...someFacts.versions, incus: "6.0.5" };
    const at = new Date().toISOString();
    await other.publish("facts", JSON.stringify({ ...someFacts, sequence: 9, at, versions }));
    await expect
      .poll(async () => (await history({ node: "node2" })).changes, patience)
      .toContainEqual(
        expect.objectContaining({ what: "version", of: "incus", before: "6.0.4", after: "6.0.5" }),
      );
  }, 60_000);

  test("has a log that was set back on record with both checkpoints, a restart later too", async () => {
    const agent = stack.component("agent");
    await agent.stop();
    const seen = other.log.checkpoint();
    const shown = other.log.copy(15).checkpoint();
    await other.publish("log", JSON.stringify({ ...(await other.published()), checkpoint: shown }));
    await agent.start();
    await expect
      .poll(() => row("node2"), patience)
      .toMatchObject({ verdict: "bad", log: { state: "rollback", size: 15, seen: 20 } });
    const filter = { action: "cluster.LogAlarm", cursor: "", limit: 10 };
    await expect
      .poll(async () => person.auditor.call(audit, "List", filter), patience)
      .toMatchObject({ rows: [{ object: "node2", details: { kind: "rollback", seen, shown } }] });
  }, 90_000);

  test("takes up a log anew after two officers have agreed", async () => {
    const call = ["AcknowledgeLog", "node2", "installed anew"] as const;
    const asked = await person.officer.try(cluster, ...call);
    expect(asked.error?.name).toBe("org.dsecos.Error.NeedsApproval");
    const requests = (await person.officer2.call(approvals, "List")) as ApprovalRecord[];
    const request = requests.find(({ state }) => state === "pending");
    const own = await person.officer.try(approvals, "Approve", request?.id, request?.hash);
    expect(own.error).toBeDefined();
    await person.officer2.call(approvals, "Approve", request?.id, request?.hash);
    expect(await person.officer.call(cluster, ...call)).toBe("rollback");
    expect(await row("node2")).toMatchObject({ log: { state: "witnessed", seen: 15 } });
  }, 60_000);

  test("says so where Incus is not there", async () => {
    await stack.component("incus").stop();
    await expect
      .poll(async () => (await status()).trouble, patience)
      .toContain("The other nodes cannot be read. Incus");
    expect((await row("node1"))?.state).toBe("own");
    expect(unexpectedLines(logFile(stateDirectory, "agent")).filter((line) => !ours(line))).toEqual(
      [],
    );
  }, 120_000);
});

/** What the log that was set back is rightly complained of. */
const ours = (line: string) =>
  line.includes("the audit log of another node is not what it was") && line.includes("rollback");
