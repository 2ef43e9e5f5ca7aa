/** A whole agent with pages over an Incus of its own, which is a cluster that generated members join. */
import { mkdtempSync } from "node:fs";
import { join } from "node:path";
import { setTimeout as delay } from "node:timers/promises";
import { afterAll, beforeAll } from "vitest";
import { cockpitComponent } from "../../packaging/setup/components/cockpit.js";
import { logFile } from "../../packaging/setup/lib/daemons.js";
import { incusApi } from "../../packaging/setup/lib/incus-api.js";
import { createStack } from "../../packaging/setup/stack.js";
import { unexpectedLines } from "../lib/agent-log.js";
import { someFacts } from "../lib/cluster-facts.ts";
import { GeneratedMember } from "../lib/generated-members.ts";
import { formCluster } from "../lib/incus-cluster.ts";
import { removeTree } from "../lib/remove-tree.js";
import { people } from "../lib/test-stack.js";

const beatMs = 5000;
const roles = ["operator", "viewer", "officer"] as const;
const variable = (role: string) => `DSECOS_TEST_COCKPIT_${role.toUpperCase()}`;

type Part = "bus" | "polkit" | "policies" | "incus" | "agent";

export class NodesBed {
  readonly directory = mkdtempSync("/var/tmp/dsecos-nb-");
  readonly stack = this.#stackOf("bus", "polkit", "policies", "incus", "agent");
  readonly environment = { ...process.env, ...this.stack.context.environment };
  readonly api = incusApi(join(this.stack.context.incusDirectory, "unix.socket"));
  readonly #cockpits = roles.map((role) =>
    cockpitComponent(this.stack.context, {
      name: `cockpit-${role}`,
      localSession: people[role],
    }),
  );
  readonly #before = roles.map((role) => process.env[variable(role)]);
  readonly #over = new AbortController();
  readonly #beats: Promise<void>[] = [];
  #members = 1;
  #sequence = 0;

  #stackOf(...components: Part[]) {
    return this.#stackWith({}, components);
  }

  #stackWith(agentConfig: Record<string, unknown>, components: Part[]) {
    const stateDirectory = this.directory;
    return createStack({ mode: "private", stateDirectory, components, poolGiB: 2, agentConfig });
  }

  /** @param meanwhile what is done while no agent runs. @param config beside what it had */
  async restartAgent(config: Record<string, unknown>, meanwhile: () => void): Promise<void> {
    await this.stack.component("agent").stop();
    meanwhile();
    await this.#stackWith(config, ["agent"]).component("agent").start();
  }

  /** @param own name of the node in the cluster */
  async start(own: string): Promise<void> {
    // Incus becomes a cluster while nobody uses it.
    await this.#stackOf("bus", "polkit", "policies", "incus").start();
    await formCluster(this.api, own);
    await this.stack.start();
    for (const [index, role] of roles.entries()) {
      await this.#cockpits[index]?.start();
      process.env[variable(role)] = `http://127.0.0.1:${this.#cockpits[index]?.port()}`;
    }
  }

  async stop(): Promise<void> {
    this.#over.abort();
    await Promise.allSettled(this.#beats);
    for (const cockpit of this.#cockpits) await cockpit.stop();
    await this.stack.stop();
    removeTree(this.directory);
    for (const [index, role] of roles.entries()) process.env[variable(role)] = this.#before[index];
  }

  join(name: string): Promise<GeneratedMember> {
    this.#members += 1;
    return GeneratedMember.join(this.api, name, this.#members);
  }

  /** Lets a member tell of itself again and again, as its agent would. */
  beat(member: GeneratedMember): void {
    const beat = async () => {
      while (!this.#over.signal.aborted) {
        await member.publish("facts", this.facts());
        await delay(beatMs, undefined, { signal: this.#over.signal }).catch(() => undefined);
      }
    };
    this.#beats.push(beat());
  }

  /** What an agent would write now, with changes. */
  facts(change: object = {}): string {
    this.#sequence += 1;
    const at = new Date().toISOString();
    return JSON.stringify({ ...someFacts, sequence: this.#sequence, at, ...change });
  }

  /** Warnings and errors of the agent that nobody provoked. */
  complaints(): string[] {
    return unexpectedLines(logFile(this.directory, "agent"));
  }
}

/** Registers that the node is there during the tests of a file. */
export function withNodes(own = "node1"): NodesBed {
  const bed = new NodesBed();
  beforeAll(() => bed.start(own), 120_000);
  afterAll(async () => {
    await bed.stop();
  }, 120_000);
  return bed;
}
