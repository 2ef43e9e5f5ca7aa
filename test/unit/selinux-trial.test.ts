/**
 * A policy on trial, with the agent killed at every step and the machine started anew at every step.
 * The kernel's file is a regular one of that name, `fake-kernel-policy`: no policy is loaded anywhere.
 */
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, describe, expect, test, vi } from "vitest";
import { confirmedIn } from "../../agent/selinux/loads/confirmed.ts";
import type { Kept } from "../../agent/selinux/loads/kept.ts";
import { kernelOf } from "../../agent/selinux/loads/kernel.ts";
import { pendingIn } from "../../agent/selinux/loads/pending.ts";
import { type TrialParts, Trials } from "../../agent/selinux/loads/trial.ts";
import { unsignedStatement } from "../lib/policy-statement.ts";
import { RecordingAudit } from "../lib/recording-audit.ts";

vi.setConfig({ testTimeout: 300_000 });
const root = mkdtempSync(join(tmpdir(), "dsecos-trial-"));
afterAll(() => rmSync(root, { recursive: true, force: true }));

const otto = { user: "otto", uid: 1004 };
/** For what comes of itself, however busy the machine is. */
const patience = { timeout: 50_000 };
const before = "the policy of before";
const next = "the policy on trial";

/** A machine: its kernel, its store, its record, and the agent's directory. */
class Machine {
  readonly directory = mkdtempSync(join(root, "machine-"));
  readonly loaded = join(this.directory, "fake-kernel-policy");
  readonly store = join(this.directory, "store");
  readonly bootFile = join(this.directory, "boot");
  readonly audit = new RecordingAudit();
  seconds = 1_000;
  readonly kept: Kept;
  /** Effects so far; at this one the agent is killed. */
  steps = 0;
  killAt = Number.POSITIVE_INFINITY;
  killed: Promise<void>;
  #kill = () => {};

  constructor() {
    for (const file of [this.loaded, this.store]) writeFileSync(file, before);
    writeFileSync(this.bootFile, "boot-1\n");
    const contexts = Buffer.from("contexts");
    const statement = {
      ...unsignedStatement(Buffer.from(next), contexts),
      signer: { key: "", fingerprint: "" },
    };
    this.kept = { directory: this.directory, statement, policy: Buffer.from(next) };
    this.killed = new Promise((resolve) => {
      this.#kill = resolve;
    });
  }

  /** @param load where the kernel takes policies */
  agent(load = this.loaded): Trials {
    const { loaded: policy, bootFile: boot, audit } = this;
    const kernel = { ...kernelOf({ policy, load, boot }), uptime: () => this.seconds };
    const parts: TrialParts = {
      kernel: this.#mortal(kernel),
      pending: this.#mortal(pendingIn(join(this.directory, "state"))),
      confirmed: this.#mortal(confirmedIn(join(this.directory, "state"))),
      audit: this.#mortal({ append: (event) => audit.append(event) }),
      log: () => {},
      read: async () => this.kept,
      install: this.#mortal({
        install: async (kept: Kept) => writeFileSync(this.store, kept.policy),
      }).install,
      changed: () => {},
    };
    return new Trials(parts);
  }

  /** Of what it does, one thing is not done any more, and nothing after it. */
  #mortal<T extends object>(part: T): T {
    const wrapped = Object.entries(part).map(([name, work]) => {
      if (name === "uptime") return [name, work];
      return [
        name,
        (...inputs: unknown[]) => {
          this.steps += 1;
          if (this.steps < this.killAt) return work(...inputs);
          this.#kill();
          return new Promise(() => {});
        },
      ];
    });
    return Object.fromEntries(wrapped) as T;
  }

  live(): void {
    this.steps = 0;
    this.killAt = Number.POSITIVE_INFINITY;
  }

  /** Its next start loads what the store has. */
  restart(): void {
    writeFileSync(this.loaded, readFileSync(this.store));
    writeFileSync(this.bootFile, "boot-2\n");
    this.seconds = 10;
  }

  begin(agent: Trials, confirmSeconds = 120) {
    return agent.begin({ kept: this.kept, by: otto, confirmSeconds, call: "c", details: {} });
  }

  text(file: "loaded" | "store"): string {
    return readFileSync(this[file], "utf8");
  }

  recorded(): string[] {
    return this.audit.entries.map(({ action }) => action.replace("selinux.Policy", ""));
  }

  left(): string[] {
    const place = join(this.directory, "state/pending");
    return existsSync(place) ? readdirSync(place) : [];
  }
}

const { policy } = new Machine().kept.statement;

describe("a policy on trial", () => {
  test("is in the kernel only, until the one who loaded it confirms it", async () => {
    const machine = new Machine();
    const agent = machine.agent();
    await machine.begin(agent);
    expect([machine.text("loaded"), machine.text("store")]).toEqual([next, before]);
    const other = agent.confirm(policy, { user: "olga", uid: 1005 });
    await expect(other).rejects.toMatchObject({ code: "Denied" });
    await agent.confirm(policy, otto);
    expect([machine.text("loaded"), machine.text("store")]).toEqual([next, next]);
    expect(machine.recorded()).toEqual(["Loaded", "Confirmed"]);
    expect(machine.left()).toEqual([]);
    await expect(agent.confirm(policy, otto)).rejects.toMatchObject({ code: "Conflict" });
  });

  test("goes again by itself when nobody confirms it", async () => {
    const machine = new Machine();
    await machine.begin(machine.agent(), 0);
    await expect.poll(() => machine.recorded(), patience).toEqual(["Loaded", "RolledBack"]);
    await expect.poll(() => machine.left(), patience).toEqual([]);
    expect([machine.text("loaded"), machine.text("store")]).toEqual([before, before]);
    expect(machine.audit.entries.at(-1)).toMatchObject({
      actor: "agent",
      object: policy,
      error: "nobody confirmed it in time",
    });
  });

  test("cannot be confirmed late, nor another one be loaded meanwhile", async () => {
    const machine = new Machine();
    const agent = machine.agent();
    await machine.begin(agent);
    await expect(machine.begin(agent)).rejects.toThrow(/waits until .* for otto to confirm it/);
    machine.seconds += 120;
    await expect(agent.confirm(policy, otto)).rejects.toThrow("The time to confirm it is over");
    expect(machine.text("store")).toBe(before);
    agent.stop();
  });

  test("leaves nothing where the kernel does not take it", async () => {
    const machine = new Machine();
    const agent = machine.agent(join(machine.directory, "missing/load"));
    await expect(machine.begin(agent)).rejects.toThrow("ENOENT");
    expect([agent.pending, machine.left()]).toEqual([undefined, []]);
    expect(machine.recorded()).toEqual([]);
  });

  test("goes again where it cannot be recorded", async () => {
    const machine = new Machine();
    const agent = machine.agent();
    machine.audit.failure = new Error("full");
    await expect(machine.begin(agent)).rejects.toThrow("full");
    await expect.poll(() => machine.text("loaded"), patience).toBe(before);
    agent.stop();
  });

  test("waits on where the agent was started anew, for the time that is left", async () => {
    const machine = new Machine();
    const first = machine.agent();
    await machine.begin(first);
    first.stop();
    machine.seconds += 60;
    const second = machine.agent();
    await second.resume();
    expect(second.pending).toMatchObject({ stage: "loaded", until: 1_120 });
    await second.confirm(policy, otto);
    expect(machine.text("store")).toBe(next);
  });

  test("of which nobody was told that it is loaded goes at once", async () => {
    const machine = new Machine();
    // Behind the kernel's having taken it, before that is written down.
    machine.killAt = 7;
    await Promise.race([machine.begin(machine.agent()), machine.killed]);
    expect(machine.text("loaded")).toBe(next);
    machine.live();
    const agent = machine.agent();
    await agent.resume();
    expect([machine.text("loaded"), agent.pending]).toEqual([before, undefined]);
  });

  test("is gone with the next start of the machine, and that is on record", async () => {
    const machine = new Machine();
    const first = machine.agent();
    await machine.begin(first);
    first.stop();
    machine.restart();
    const second = machine.agent();
    await second.resume();
    expect([machine.text("loaded"), second.pending]).toEqual([before, undefined]);
    expect(machine.audit.entries.at(-1)?.error).toMatch(/started anew before it was confirmed/);
  });

  test("that was confirmed is installed at last, where that failed first", async () => {
    const machine = new Machine();
    const agent = machine.agent();
    await machine.begin(agent);
    machine.audit.failure = new Error("full");
    await expect(agent.confirm(policy, otto)).rejects.toThrow("full");
    machine.audit.failure = undefined;
    machine.seconds += 1_000;
    await agent.confirm(policy, otto);
    expect([machine.text("loaded"), machine.text("store")]).toEqual([next, next]);
  });
});

/** What people do; resolves to whether the confirmation was answered. */
const stories = {
  async expires(machine: Machine, agent: Trials) {
    await machine.begin(agent, 0);
    await expect.poll(() => machine.left(), patience).toEqual([]);
    return false;
  },
  async confirms(machine: Machine, agent: Trials) {
    await machine.begin(agent);
    await agent.confirm(policy, otto);
    return true;
  },
};

describe.each(["expires", "confirms"] as const)("killed while it %s", (story) => {
  const run = async (machine: Machine) => {
    const agent = machine.agent();
    const told = stories[story](machine, agent);
    const answered = await Promise.race([told, machine.killed.then(() => false)]);
    agent.stop();
    return answered;
  };

  test.each([false, true])("started anew with the machine: %s", async (machineToo) => {
    const whole = new Machine();
    await run(whole);
    expect(whole.steps).toBeGreaterThan(8);
    for (let at = 1; at <= whole.steps + 1; at++) {
      const machine = new Machine();
      machine.killAt = at;
      const answered = await run(machine);
      const wasLoaded = machine.text("loaded") === next;
      machine.live();
      machine.seconds += 1_000;
      if (machineToo) machine.restart();
      const again = machine.agent();
      await again.resume();
      await expect.poll(() => machine.left(), { ...patience, message: `step ${at}` }).toEqual([]);
      const [loaded, store] = [machine.text("loaded"), machine.text("store")];
      expect(loaded, `step ${at}`).toBe(store);
      if (story === "expires") expect(store, `step ${at}`).toBe(before);
      if (answered) expect(store, `step ${at}`).toBe(next);
      // Whatever was in the kernel for a moment has its end on record.
      if (!wasLoaded) continue;
      const end = store === next ? "Confirmed" : "RolledBack";
      expect(machine.recorded(), `step ${at}`).toContain(end);
    }
  });
});
