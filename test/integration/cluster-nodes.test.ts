/**
 * Three nodes over three real Incus daemons in one cluster. What each would say of its subsystems is
 * faked, and its audit log is one in memory, which can be set back and forked as a real one cannot.
 */
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import type { ClusterNode, ClusterStatus } from "../../agent/cluster/answers.ts";
import { type ClusterService, createCluster } from "../../agent/cluster/service.ts";
import { witnessedAction } from "../../agent/cluster/witness/memory.ts";
import { IncusClient } from "../../agent/incus/client.ts";
import { fakeSources, noJoining, ownPartsOf } from "../lib/cluster-facts.ts";
import { noDrills } from "../lib/drill-bed.ts";
import { IncusCluster, noIncusCluster } from "../lib/incus-cluster.ts";
import { RecordingAudit } from "../lib/recording-audit.ts";
import { TreeLog } from "../lib/tree-log.ts";

/** The usual pace, twenty times as fast but for what decides on silence. */
const pace = { publishMs: 1250, changeMs: 150, readMs: 500, freshMs: 100, silentMs: 10_000 };
const patience = { timeout: 30_000, interval: 200 };

class FakeNode {
  readonly name: string;
  readonly client: IncusClient;
  readonly audit = new RecordingAudit();
  readonly said: string[] = [];
  log: TreeLog;
  service: ClusterService;

  constructor(name: string, socket: string) {
    this.name = name;
    this.client = new IncusClient(socket);
    this.log = new TreeLog(`dsecos.org/audit/${name}/00000001`).append(10);
    this.service = this.start();
  }

  /** As an agent does that finds its own audit log as it left it. */
  start(): ClusterService {
    this.service = createCluster({
      client: this.client,
      sources: fakeSources(this.name, () => this.log.size),
      own: ownPartsOf(() => this.log),
      remembered: async () =>
        this.audit.entries.filter(({ action }) => action === witnessedAction).reverse(),
      audit: this.audit,
      log: (level, message) => this.said.push(`${level}: ${message}`),
      changed: () => undefined,
      joining: noJoining,
      drills: noDrills(this.audit),
      pace,
    });
    this.service.start();
    return this.service;
  }

  async status(): Promise<ClusterStatus> {
    return await this.service.handlers.Status(undefined as never);
  }

  async row(name: string): Promise<ClusterNode | undefined> {
    return (await this.status()).nodes.find((one) => one.name === name);
  }

  acknowledge(name: string): Promise<string> {
    return this.service.handlers.AcknowledgeLog(undefined as never, name, "known");
  }
}

describe.skipIf(noIncusCluster !== "")(
  `three nodes${noIncusCluster && `: ${noIncusCluster}`}`,
  () => {
    let incus: IncusCluster;
    let nodes: [FakeNode, FakeNode, FakeNode];
    const states = async (node: FakeNode) =>
      (await node.status()).nodes.map(({ name, state, log }) => `${name} ${state} ${log.state}`);

    beforeAll(async () => {
      incus = await IncusCluster.start(3);
      nodes = incus.nodes.map(({ name, socket }) => new FakeNode(name, socket)) as typeof nodes;
    }, 180_000);

    afterAll(async () => {
      await Promise.all((nodes ?? []).map(({ service }) => service.stop()));
      for (const { client } of nodes ?? []) client.close();
      await incus?.remove();
    }, 60_000);

    test("each serves all of them, and has signed the others' logs", async () => {
      for (const node of nodes) {
        const all = nodes.map(({ name }) =>
          name === node.name ? `${name} own own` : `${name} fresh witnessed`,
        );
        await expect.poll(() => states(node), patience).toEqual(all);
        await expect
          .poll(
            async () => (await node.status()).witnesses.map(({ size, fits }) => [size, fits]),
            patience,
          )
          .toEqual([
            [10, true],
            [10, true],
          ]);
      }
      const status = await nodes[0].status();
      expect(status).toMatchObject({ node: "node1", state: "cluster", trouble: "" });
      const [, second] = status.nodes;
      expect(second).toMatchObject({
        incus: "online",
        verdict: "good",
        text: "",
        clockOffSeconds: 0,
      });
      expect(second?.facts).toMatchObject({ counts: { tenants: 3, events: 10, alarms: 0 } });
      expect(second?.ageSeconds).toBeLessThan(10);
    }, 60_000);

    test("a log that grows is followed, and one that was away catches up", async () => {
      const [first, second, third] = nodes;
      await third.service.stop();
      for (let round = 1; round <= 6; round++) {
        second.log.append(7);
        await expect
          .poll(async () => (await first.row("node2"))?.log, patience)
          .toMatchObject({ state: "witnessed", seen: 10 + 7 * round });
      }
      third.start();
      await expect
        .poll(async () => (await third.row("node2"))?.log, patience)
        .toMatchObject({ state: "witnessed", seen: 52 });
    }, 90_000);

    test("what else a member has stays as it is, whoever writes at the same time", async () => {
      const api = incus.nodes[0]?.api as NonNullable<(typeof incus.nodes)[0]>["api"];
      const path = "/1.0/cluster/members/node2";
      const { roles, groups, failure_domain } = await api.request("GET", path);
      for (let i = 0; i < 20; i++) {
        const config = { "user.other": `${i}` };
        const body = { roles, groups, failure_domain, description: "rack 7", config };
        await api.request("PATCH", path, { body });
      }
      const before = (await nodes[1].status()).publishedAt;
      await expect
        .poll(async () => (await nodes[1].status()).publishedAt, patience)
        .not.toBe(before);
      const member = await api.request("GET", path);
      expect(member).toMatchObject({ roles, groups, failure_domain, description: "rack 7" });
      expect(member.config["user.other"]).toBe("19");
    }, 60_000);

    test("a log that is set back is red at both others, on record with both checkpoints", async () => {
      const [first, second, third] = nodes;
      const whole = second.log;
      const seen = whole.checkpoint();
      second.log = whole.copy(30);
      for (const other of [first, third]) {
        await expect
          .poll(() => other.row("node2"), patience)
          .toMatchObject({ verdict: "bad", log: { state: "rollback", size: 30, seen: 52 } });
        expect(
          other.audit.entries.filter(({ action }) => action === "cluster.LogAlarm"),
        ).toMatchObject([
          { object: "node2", details: { kind: "rollback", seen, shown: second.log.checkpoint() } },
        ]);
      }
      // It hears that the others have signed more than it has.
      await expect.poll(() => second.row("node2"), patience).toMatchObject({ verdict: "bad" });
      second.log = whole;
      await expect
        .poll(() => first.row("node2"), patience)
        .toMatchObject({ verdict: "good", log: { state: "witnessed" } });
    }, 90_000);

    test("a fork is red, after a restart too, until somebody acknowledges it", async () => {
      const [first, second] = nodes;
      second.log = second.log.copy(40).append(12, "forged");
      const forked = { verdict: "bad", log: { state: "fork", seen: 52 } };
      await expect.poll(() => first.row("node2"), patience).toMatchObject(forked);
      await first.service.stop();
      first.start();
      await expect.poll(() => first.row("node2"), patience).toMatchObject(forked);
      await expect(first.acknowledge("node3")).rejects.toThrow("nothing to acknowledge");
      await expect(first.acknowledge("node9")).rejects.toThrow("has no other node");
      expect(await first.acknowledge("node2")).toBe("fork");
      await expect
        .poll(() => first.row("node2"), patience)
        .toMatchObject({ log: { state: "witnessed", seen: 52 } });
      // What is acknowledged at one node stays red at the other.
      expect(await nodes[2].row("node2")).toMatchObject(forked);
    }, 90_000);

    test("a node that stops is silent", async () => {
      await nodes[2].service.stop();
      await expect
        .poll(() => nodes[0].row("node3"), patience)
        .toMatchObject({ state: "silent", verdict: "unknown" });
      const row = await nodes[0].row("node3");
      expect(row?.text).toContain("has not been heard of for");
      expect(row?.facts).not.toBeNull();
    }, 60_000);

    test("nothing was complained of but the logs that were tampered with", () => {
      const alarm = "error: the audit log of another node is not what it was";
      for (const { said } of nodes) expect(said.filter((line) => line !== alarm)).toEqual([]);
    });
  },
);
