/**
 * The agent with a policy that it takes for the loaded one, and with denials that come the way that
 * auditd sends them.
 */
import type { ChildProcess } from "node:child_process";
import { existsSync, mkdirSync, mkdtempSync, readFileSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { afterAll, beforeAll } from "vitest";
import { nameHasOwner } from "../../packaging/setup/lib/bus.js";
import { until } from "../../packaging/setup/lib/wait.js";
import { createStack } from "../../packaging/setup/stack.js";
import { FakeAuditd } from "../lib/auditd-fake.ts";
import { FakeSelinuxfs } from "../lib/fake-selinuxfs.ts";
import { writePolicy } from "../lib/policy-writer.ts";
import { removeTree } from "../lib/remove-tree.js";
import type { TenantPolicy } from "../lib/tenant-policy.ts";

const program = resolve(import.meta.dirname, "../../dist/agent/agent.js");
const busName = "org.dsecos.Agent";

export interface Denied {
  source: string;
  target: string;
  class?: string;
  permissions?: string;
  /** More of the record, for example `path="/srv/x"`. */
  fields?: string;
}

export class Bed {
  readonly selinuxfs: FakeSelinuxfs;
  readonly #directory = mkdtempSync(join(tmpdir(), "dsecos-selinuxfs-"));
  readonly #state = process.env.DSECOS_TEST_STATE ?? "";
  readonly #stack = createStack({
    ...{ mode: "private" as const, stateDirectory: this.#state },
    components: ["bus", "polkit", "policies", "incus", "agent"],
  });
  readonly #auditd: FakeAuditd;
  #agent: ChildProcess | undefined;
  /** The kernel's numbers go on from one file of tests to the next: what is left out was lost. */
  readonly #serialFile = join(this.#state, "auditd/serial");
  #serial = existsSync(this.#serialFile) ? Number(readFileSync(this.#serialFile, "utf8")) : 0;

  constructor() {
    this.selinuxfs = new FakeSelinuxfs(this.#directory);
    const directory = join(this.#state, "auditd");
    mkdirSync(directory, { recursive: true });
    this.#auditd = new FakeAuditd({ directory });
  }

  async start(): Promise<void> {
    const { busAddress, environment } = this.#stack.context;
    await this.#auditd.listen(join(this.#state, "auditd.socket"));
    await this.#stack.component("agent").stop();
    const config = join(this.#state, "agent.json");
    const env = { ...process.env, ...environment };
    this.#agent = this.selinuxfs.run(process.execPath, [program, "--config", config], env);
    await until("the agent to be there", 60, () => nameHasOwner(busAddress, busName), 50);
    await until("the agent to hear auditd", 60, () => this.#auditd.hasClient, 50);
  }

  /** As the kernel tells of it, with the system call that was refused. */
  deny({ source, target, class: of = "file", permissions = "read", fields = "" }: Denied): void {
    this.#serial += 1;
    const stamp = `msg=audit(${(Date.now() / 1000).toFixed(3)}:${this.#serial}):`;
    const context = (role: string, text: string) =>
      `system_u:${role}:${text.includes(":") ? text : `${text}:s0`}`;
    const contexts = `scontext=${context("system_r", source)} tcontext=${context("object_r", target)}`;
    this.#auditd.write([
      `type=AVC ${stamp} avc:  denied  { ${permissions} } for  pid=624 comm="cat" ${fields} ${contexts} tclass=${of} permissive=0`,
      `type=SYSCALL ${stamp} arch=c000003e syscall=257 success=no exit=-13 items=0 ppid=1 pid=624 auid=4294967295 uid=0 gid=0 tty=(none) ses=4294967295 comm="cat" exe="/usr/bin/cat" key=(null)`,
      `type=EOE ${stamp} `,
    ]);
  }

  async stop(): Promise<void> {
    writeFileSync(this.#serialFile, `${this.#serial}`);
    const agent = this.#agent;
    if (agent?.exitCode === null) {
      const ended = new Promise((end) => agent.once("exit", end));
      agent.kill();
      await ended;
    }
    await this.#auditd.close();
    removeTree(this.#directory);
    await this.#stack.component("agent").start();
  }
}

/** Registers that the agent takes a policy for the loaded one, during the tests of a file. */
export function withPolicy(made: TenantPolicy): { readonly bed: Bed } {
  let bed: Bed | undefined;
  beforeAll(async () => {
    bed = new Bed();
    bed.selinuxfs.load(writePolicy(made.model), made.model.booleans);
    await bed.start();
  });
  afterAll(() => bed?.stop());
  return {
    get bed() {
      if (!bed) throw new Error("the agent is not there yet");
      return bed;
    },
  };
}
