/**
 * Forming a cluster and joining it, over real Incus daemons on the loopback interface, which stands for
 * the cluster's network. What a node would say of itself beside Incus is faked.
 */
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import type { Call } from "../../agent/bus/call.ts";
import {
  type Invitation,
  readInvitation,
  writeInvitation,
} from "../../agent/cluster/joining/invitation.ts";
import { openInvitations } from "../../agent/cluster/joining/invited.ts";
import { createJoining, type Joining } from "../../agent/cluster/joining/service.ts";
import { IncusMembers } from "../../agent/cluster/members/incus.ts";
import { IncusClient } from "../../agent/incus/client.ts";
import type { JobRecord } from "../../agent/jobs/contract.ts";
import { JobList } from "../../agent/jobs/service.ts";
import { freePort } from "../../packaging/setup/lib/ports.js";
import { fakeSources, noFilter } from "../lib/cluster-facts.ts";
import { IncusCluster, type IncusNode, noIncusCluster } from "../lib/incus-cluster.ts";
import { RecordingAudit } from "../lib/recording-audit.ts";

const patience = { timeout: 60_000, interval: 100 };

class NewNode {
  readonly incus: IncusNode;
  readonly client: IncusClient;
  readonly audit = new RecordingAudit();
  readonly said: string[] = [];
  readonly noted: Record<string, unknown> = {};
  readonly jobs: JobList;
  readonly joining: Joining;
  readonly address: string;

  /** @param number the last of its address */
  constructor(incus: IncusNode, number: number, port: number) {
    this.incus = incus;
    this.address = `127.0.0.${number}:${port}`;
    this.client = new IncusClient(incus.socket);
    this.jobs = new JobList({ audit: this.audit, log: this.#log });
    const fake = fakeSources(incus.name, () => 0);
    const link = { name: "eth1", state: "up", addresses: [`127.0.0.${number}/8`] };
    this.joining = createJoining({
      client: this.client,
      members: new IncusMembers(this.client),
      sources: {
        ...fake,
        node: async () => ({
          ...(await fake.node()),
          network: [{ ...link, receivedBytes: "0", sentBytes: "0" }],
        }),
      },
      jobs: this.jobs,
      firewall: { status: async () => noFilter, declared: undefined },
      log: this.#log,
      refresh: async () => undefined,
    });
  }

  readonly #log = (level: string, message: string, facts?: object) =>
    this.said.push(`${level}: ${message} ${JSON.stringify(facts ?? {})}`);

  call(member: string): Call {
    const caller = { connection: ":1.1", uid: 1000, user: "carol", gids: [], pid: 1 };
    return {
      ...{ id: "0".repeat(16), member, signal: AbortSignal.timeout(60_000), approvers: ["dave"] },
      caller: { ...caller, loginuid: 1000, label: "" },
      note: (facts) => Object.assign(this.noted, facts),
    };
  }

  async ended(job: string): Promise<JobRecord> {
    await expect.poll(() => this.jobs.get(job)?.state, patience).not.toBe("running");
    return this.jobs.get(job) as JobRecord;
  }

  async init(): Promise<JobRecord> {
    const { Init } = this.joining.handlers;
    return this.ended(await Init(this.call("cluster.Init"), this.incus.name, this.address));
  }

  invite(name: string): Promise<string> {
    return this.joining.handlers.Invite(this.call("cluster.Invite"), name);
  }

  check(invitation: string) {
    const { CheckJoin } = this.joining.handlers;
    return CheckJoin(this.call("cluster.CheckJoin"), this.incus.name, this.address, invitation);
  }

  async verdicts(invitation: string): Promise<Record<string, string>> {
    const { checks } = await this.check(invitation);
    return Object.fromEntries(checks.map(({ id, verdict }) => [id, verdict]));
  }

  async join(invitation: string, cluster?: string): Promise<JobRecord> {
    const named = cluster ?? (await this.check(invitation)).cluster;
    const call = this.call("cluster.Join");
    const { Join } = this.joining.handlers;
    return this.ended(await Join(call, this.incus.name, this.address, named, invitation));
  }

  /** All that joining could leave behind. */
  async state(): Promise<unknown> {
    const { config, environment } = await this.incus.api.request("GET", "/1.0");
    const lists = ["projects", "storage-pools", "networks", "certificates"];
    const all = await Promise.all(lists.map((one) => this.incus.api.request("GET", `/1.0/${one}`)));
    return { config, clustered: environment.server_clustered, all };
  }

  /** Everything that anybody could read later. */
  get traces(): string {
    return JSON.stringify([
      this.audit.entries,
      this.said,
      this.noted,
      this.jobs.ids().map((id) => this.jobs.get(id)),
    ]);
  }

  async pool(): Promise<void> {
    const body = { name: "default", driver: "dir" };
    await this.incus.api.request("POST", "/1.0/storage-pools", { body });
  }
}

/** The same with something changed by somebody else. */
function altered(invitation: string, change: (known: Invitation) => Partial<Invitation>): string {
  const known = readInvitation(invitation);
  return writeInvitation({ ...known, ...change(known) });
}

const tokenOf = (invitation: string): { secret: string } =>
  JSON.parse(Buffer.from(readInvitation(invitation).token, "base64").toString());

describe.skipIf(noIncusCluster !== "")(
  `a cluster${noIncusCluster && `: ${noIncusCluster}`}`,
  () => {
    let incus: IncusCluster;
    let [first, second, third]: NewNode[] = [];
    const secrets: string[] = [];

    beforeAll(async () => {
      incus = await IncusCluster.apart(3);
      const all = incus.nodes.map(async (node, i) => new NewNode(node, i + 1, await freePort()));
      [first, second, third] = await Promise.all(all);
      await Promise.all([first?.pool(), second?.pool(), third?.pool()]);
    }, 120_000);

    afterAll(async () => {
      for (const node of [first, second, third]) node?.client.close();
      await incus?.remove();
    }, 60_000);

    const nodes = () => [first, second, third] as [NewNode, NewNode, NewNode];

    async function invited(name: string): Promise<string> {
      const invitation = await nodes()[0].invite(name);
      secrets.push(tokenOf(invitation).secret, readInvitation(invitation).token);
      return invitation;
    }

    test("is formed by a node that keeps what it has, once all is right", async () => {
      const [one] = nodes();
      await one.incus.api.request("POST", "/1.0/projects", { body: { name: "mod-defense" } });
      const before = await one.state();
      const { CheckInit, Init } = one.joining.handlers;
      const elsewhere = await CheckInit(one.call("cluster.CheckInit"), "node1", "192.0.2.1");
      expect(elsewhere).toMatchObject({ ready: false, address: "192.0.2.1:8443" });
      await expect(Init(one.call("cluster.Init"), "node1", "192.0.2.1")).rejects.toThrow(
        "Nothing was changed. 192.0.2.1 is no address of this node",
      );
      await expect(one.invite("node2")).rejects.toThrow("dsecos cluster init");
      expect(await one.state()).toEqual(before);

      expect(await one.init()).toMatchObject({ state: "succeeded", done: 2, kind: "cluster.Init" });
      const { config, clustered, all } = (await one.state()) as {
        config: object;
        clustered: boolean;
        all: unknown[];
      };
      expect({ clustered, config }).toMatchObject({
        clustered: true,
        config: { "core.https_address": one.address, "cluster.https_address": one.address },
      });
      expect(all[0]).toContain("/1.0/projects/mod-defense");
      await expect(one.init()).rejects.toThrow("in a cluster already");
    }, 90_000);

    test("takes nobody whose version, clock, name or way is wrong, and nobody has changed then", async () => {
      const [one, two] = nodes();
      const before = await two.state();
      const invitation = await invited("node2");
      const { expiresAt: endsAt } = readInvitation(invitation);
      expect(await openInvitations(one.client)).toEqual([{ node: "node2", endsAt }]);
      expect(await two.verdicts(invitation)).toMatchObject({
        ...{ invitation: "good", versions: "good", peer: "good", clock: "good", own: "good" },
        ...{ address: "good", name: "warning", firewall: "warning" },
      });
      const { cluster } = await two.check(invitation);
      const old = altered(invitation, ({ versions }) => ({
        versions: { ...versions, incus: "6.0.3" },
      }));
      await expect(two.join(old)).rejects.toThrow("Incus is 6.0.4 here and 6.0.3 at 127.0.0.1");
      const later = new Date(Date.now() + 60_000).toISOString();
      const nowhere = `127.0.0.1:${await freePort()}`;
      const away = altered(invitation, () => ({ peer: nowhere, at: later }));
      await expect(two.join(away)).rejects.toThrow(`${nowhere} cannot be reached: nothing listens`);
      await expect(two.join(away)).rejects.toThrow(/clock is (59|60) s behind/);
      const taken = altered(invitation, () => ({ members: ["node1", "node2"] }));
      await expect(two.join(taken)).rejects.toThrow("has a member node2 already");
      const over = altered(invitation, ({ at }) => ({ expiresAt: at }));
      await expect(two.join(over)).rejects.toThrow("The invitation is over");
      await expect(two.join(invitation, "0".repeat(64))).rejects.toThrow("of another cluster");
      const { environment } = await two.incus.api.request("GET", "/1.0");
      const other = altered(invitation, () => ({ certificate: environment.certificate }));
      await expect(two.join(other)).rejects.toThrow("Another certificate than the cluster's");
      await expect(two.join(Buffer.from("hello").toString("base64"), cluster)).rejects.toThrow(
        "This is no invitation",
      );
      expect(await two.state()).toEqual(before);
      expect(await one.incus.api.request("GET", "/1.0/cluster/members")).toHaveLength(1);
    }, 90_000);

    test("refuses a node that would lose something", async () => {
      const [, , three] = nodes();
      const root = { type: "disk", path: "/", pool: "default" };
      const body = { name: "old", source: { type: "none" }, devices: { root } };
      await three.incus.api.request("POST", "/1.0/instances", { body });
      await three.incus.api.request("POST", "/1.0/projects", { body: { name: "agency" } });
      const before = await three.state();
      const invitation = await invited("node3");
      await expect(three.join(invitation)).rejects.toThrow(
        "would lose what it has of its own: instances old; projects agency.",
      );
      expect(await three.state()).toEqual(before);
    }, 60_000);

    test("leaves nothing half-made where the token is wrong", async () => {
      const [one, two] = nodes();
      const before = await two.state();
      const wrong = altered(await invited("node2"), ({ token }) => {
        const known = JSON.parse(Buffer.from(token, "base64").toString());
        const text = JSON.stringify({ ...known, secret: "0".repeat(64) });
        return { token: Buffer.from(text).toString("base64") };
      });
      const job = await two.join(wrong);
      expect(job).toMatchObject({
        state: "failed",
        error: expect.stringContaining("Nothing of it is left"),
      });
      expect(await two.state()).toEqual(before);
      expect(await one.incus.api.request("GET", "/1.0/cluster/members")).toHaveLength(1);
    }, 60_000);

    test("lets an invited node in, which has what the cluster has", async () => {
      const [one, two] = nodes();
      const invitation = await invited("node2");
      expect(await two.join(invitation)).toMatchObject({ state: "succeeded", done: 2 });
      for (const { incus } of [one, two]) {
        const members = await incus.api.request("GET", "/1.0/cluster/members?recursion=1");
        expect(members.map((member: { server_name: string }) => member.server_name).sort()).toEqual(
          ["node1", "node2"],
        );
        expect(await incus.api.request("GET", "/1.0/projects")).toContain(
          "/1.0/projects/mod-defense",
        );
      }
      await expect(one.invite("node2")).rejects.toThrow("has a member node2 already");
      await expect(two.join(invitation, "0".repeat(64))).rejects.toThrow("in a cluster already");
    }, 90_000);

    test("has told nobody a secret", () => {
      expect(secrets.length).toBeGreaterThan(4);
      for (const node of nodes()) {
        for (const secret of secrets) expect(node.traces).not.toContain(secret);
        expect(node.said.filter((line) => !line.startsWith("warning: a job failed"))).toEqual([]);
      }
    });
  },
);
