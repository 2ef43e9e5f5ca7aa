import { expect, test, vi } from "vitest";
import type { AuditEntry } from "../../agent/audit/entry.ts";
import type { AuditFilter } from "../../agent/audit/filter.ts";
import type { AgentClient } from "../../agent/bus/client.ts";
import { DsecosError } from "../../agent/bus/errors.ts";
import { runProgram } from "../../agent/cli/program.ts";
import { contracts } from "../../agent/contracts.ts";

const entry = (sequence: number) =>
  ({
    sequence,
    time: "2026-01-31T12:00:00.000Z",
    action: `test.Act${sequence}`,
    outcome: "success",
    actor: "jane",
  }) as AuditEntry;

/** Stands in for the agent: a log of so many entries, pages of three. */
class FakeAgent {
  size = 12;
  calls: { member: string; filter: AuditFilter }[] = [];
  down = false;
  mayReadAll = true;
  #appended: (size: number) => void = () => {};
  #closed: (reason: string) => void = () => {};

  readonly client = {
    call: async (_definition: object, member: string, inputs: unknown[]) => {
      if (member === "GetCapabilities") return { actions: { "audit.read": this.mayReadAll } };
      if (this.down) throw new DsecosError("Unavailable", "The agent does not run.");
      const filter = inputs.at(-1) as AuditFilter;
      this.calls.push({ member, filter });
      const before = filter.cursor === "" ? this.size : Number(filter.cursor);
      const most = Math.min(filter.limit, 3);
      const rows: AuditEntry[] = [];
      for (let n = before; n > (filter.after ?? 0) && rows.length < most; n--) rows.push(entry(n));
      const last = before - rows.length;
      const more = last > (filter.after ?? 0);
      return { rows, next: more ? String(last) : "", size: this.size };
    },
    onSignal: async (_definition: object, _name: string, listener: (size: unknown) => void) => {
      this.#appended = listener;
    },
    onClose: (listener: (reason: string) => void) => {
      this.#closed = listener;
    },
    close: () => {},
  } as unknown as AgentClient;

  append(count: number): void {
    this.size += count;
    this.#appended(this.size);
  }

  loseBus(): void {
    this.#closed("gone");
  }
}

function following(agent: FakeAgent, ...words: string[]) {
  const printed: string[] = [];
  const told: string[] = [];
  const terminal = {
    screen: { width: 80, colour: false },
    interactive: false,
    print: (text: string) => printed.push(text),
    tell: (text: string) => told.push(text),
    progress: () => {},
    confirm: async () => undefined,
  };
  const connect = async () => agent.client;
  const ended = runProgram(["audit", "follow", ...words], {
    contracts,
    version: "1",
    terminal,
    connect,
  });
  const acts = () => printed.map((line) => /test\.Act(\d+)/.exec(line)?.[1]).join(" ");
  return { ended, acts, told, printed };
}

test("shows the last entries, then each new one once and in order, until Ctrl-C", async () => {
  const agent = new FakeAgent();
  const { ended, acts } = following(agent);
  await vi.waitFor(() => expect(acts()).toBe("10 11 12"));
  agent.append(1);
  await vi.waitFor(() => expect(acts()).toBe("10 11 12 13"));
  agent.append(7);
  await vi.waitFor(() => expect(acts()).toBe("10 11 12 13 14 15 16 17 18 19 20"));
  // What is told again is not asked for again.
  const asked = agent.calls.length;
  agent.append(0);
  await new Promise((resolve) => setImmediate(resolve));
  expect(agent.calls.length).toBe(asked);
  process.emit("SIGINT");
  expect(await ended).toBe(0);
});

test("goes on where it was after the agent was away", async () => {
  const agent = new FakeAgent();
  const { ended, acts, told } = following(agent, "--json");
  await vi.waitFor(() => expect(acts()).toBe("10 11 12"));
  agent.down = true;
  agent.append(1);
  await vi.waitFor(() => expect(told).toEqual(["The agent does not run. Waiting for it."]));
  agent.down = false;
  agent.append(2);
  await vi.waitFor(() => expect(acts()).toBe("10 11 12 13 14 15"), { timeout: 10_000 });
  process.emit("SIGINT");
  expect(await ended).toBe(0);
});

test("ends with an error when the bus is gone", async () => {
  const agent = new FakeAgent();
  const { ended, acts, told } = following(agent);
  await vi.waitFor(() => expect(acts()).toBe("10 11 12"));
  agent.loseBus();
  expect(await ended).toBe(7);
  expect(told).toEqual(["dsecos: The system bus is gone."]);
});

test("reads what the person may read", async () => {
  for (const [words, member] of [
    [[], "ListOwn"],
    [["--tenant", "health", "--acts"], "ListTenant"],
  ] as const) {
    const agent = new FakeAgent();
    agent.mayReadAll = false;
    const { ended, acts } = following(agent, ...words);
    await vi.waitFor(() => expect(acts()).toBe("10 11 12"));
    expect(agent.calls[0]?.member).toBe(member);
    process.emit("SIGINT");
    expect(await ended).toBe(0);
  }
});
