import { describe, expect, it } from "vitest";
import type { AgentClient } from "../../agent/bus/client.ts";
import { commandsOf } from "../../agent/bus/derive/commands.ts";
import { exampleOf } from "../../agent/bus/derive/examples.ts";
import { DsecosError } from "../../agent/bus/errors.ts";
import { parseCall } from "../../agent/cli/parse.ts";
import { runProgram } from "../../agent/cli/program.ts";
import type { Terminal } from "../../agent/cli/terminal.ts";
import { contracts } from "../../agent/contracts.ts";

const id = "0123456789abcdef";
const hash = "ab".repeat(64);

type Answer = (interfaceName: string, member: string, inputs: unknown[]) => unknown;

/** Runs a command line; the agent's answers come from the test. */
async function dsecos(line: string, answer: Answer = () => [], confirm?: boolean) {
  const calls: { member: string; inputs: unknown[]; object?: string }[] = [];
  const printed: string[] = [];
  const told: string[] = [];
  const terminal: Terminal = {
    screen: { width: 80, colour: false },
    interactive: false,
    print: (text) => printed.push(text),
    tell: (text) => told.push(text),
    progress: () => {},
    confirm: async () => confirm,
  };
  const client = {
    call: async (
      definition: { name: string },
      member: string,
      inputs: unknown[],
      options?: object,
    ) => {
      calls.push({ member, inputs, ...options });
      return answer(definition.name, member, inputs);
    },
    close: () => {},
  } as unknown as AgentClient;
  const words = line.match(/'[^']*'|\S+/g)?.map((word) => word.replace(/^'|'$/g, "")) ?? [];
  const code = await runProgram(words, {
    contracts,
    version: "1.2.3",
    terminal,
    connect: async () => client,
  });
  return { code, calls, printed: printed.join("\n"), told: told.join("\n") };
}

describe("words of a command line", () => {
  it("become the record of a tenant", async () => {
    const { calls, code } = await dsecos(
      "tenants create mod-defense --domain defense_t --cpu 128 --ram 1TB --storage 50TB --contacts a --contacts b",
      () => ({ name: "mod-defense" }),
    );
    expect(code).toBe(0);
    expect(calls).toEqual([
      {
        member: "Create",
        inputs: [
          "mod-defense",
          {
            domain: "defense_t",
            quota: { cpu: "128", ram: "1TB", storage: "50TB" },
            contacts: ["a", "b"],
          },
        ],
      },
    ]);
  });

  it("become lists, switches and numbers", async () => {
    const stop = await dsecos("instances stop t1 web db --force --no-wait", () => id);
    expect(stop.calls[0]?.inputs).toEqual(["t1", ["web", "db"], true]);
    expect(stop.printed).toBe(id);
    const create = await dsecos("instances create t1 web --image d --no-start --no-wait", () => id);
    expect(create.calls[0]?.inputs).toEqual(["t1", "web", { image: "d", start: false }]);
    const list = await dsecos(
      "--json tenants list --limit 5 --state active --troubled",
      () => ({}),
    );
    expect(list.calls[0]?.inputs).toEqual([{ limit: 5, state: ["active"], troubled: true }]);
    const show = await dsecos(`jobs show ${id}`, () => ({}));
    expect(show.calls[0]).toEqual({ member: "Show", inputs: [], object: id });
  });

  it.each([
    ["tenants create mod-defense --domain defense_t --cpu 1 --ram 1GiB", /--storage/],
    ["tenants create x --domain defense_t --cpu 1 --ram 1GiB --storage 1GiB", /NAME: A tenant's/],
    ["tenants create t1 --domain d --cpu 1 --ram 1GiB --storage 1GiB", /--domain: An SELinux/],
    ["tenants create t1 --domain d_x_t --cpu 1 --ram lots --storage 1GiB", /--ram: RAM is a whole/],
    ["tenants list --limit many", /--limit: “many” is not a number/],
    ["tenants list --limit 5000", /--limit: A page has at most 1000 rows/],
    ["tenants list --nothing", /Unknown option '--nothing'/],
    ["tenants show", /NAME is missing: dsecos tenants show NAME/],
    ["tenants show t1 t2", /“t2” is one word too many/],
    ["tenants destroy t1", /There is no “tenants destroy”; there is list, show/],
    ["jobs show ../x", /JOB: An id has 16 characters/],
    ["nothing", /There is no “nothing”/],
  ])("refuses %s", async (line, message) => {
    const { code, told, calls } = await dsecos(line);
    expect(told).toMatch(message);
    expect(code).toBe(2);
    expect(calls).toEqual([]);
  });

  it.each(commandsOf(contracts).map((command) => [exampleOf(command), command] as const))(
    "accepts its own example: %s",
    (example, command) => {
      const words = example.match(/'[^']*'|\S+/g)?.map((word) => word.replace(/^'|'$/g, "")) ?? [];
      expect(parseCall(command, words.slice(3)).inputs.length).toBe(command.method.in.length);
    },
  );
});

describe("errors", () => {
  it.each([
    ["Denied", 3],
    ["NotFound", 4],
    ["Conflict", 5],
    ["QuotaExceeded", 5],
    ["Unavailable", 7],
    ["Timeout", 7],
    ["Internal", 1],
  ] as const)("%s ends with %d", async (name, exit) => {
    const { code, told } = await dsecos("tenants show t1", () => {
      throw new DsecosError(name, "One sentence.\u001b[31m");
    });
    expect(code).toBe(exit);
    expect(told).toBe("dsecos: One sentence.�[31m");
  });
});

describe("jobs", () => {
  const record = (state: string, results: object[] = []) => ({
    id,
    title: "Stop instances of t1",
    state,
    done: 2,
    total: 2,
    step: "",
    results,
  });

  it("are followed to their end, which decides the exit code", async () => {
    const states = ["running", "succeeded"];
    const good = await dsecos("instances stop t1 web db", (_name, member) =>
      member === "Stop" ? id : record(states.shift() ?? ""),
    );
    expect(good.printed).toBe("Stop instances of t1: succeeded (2 of 2)");
    expect(good.code).toBe(0);
    const bad = await dsecos("instances stop t1 web db", (_name, member) =>
      member === "Stop"
        ? id
        : record("failed", [{ object: "web" }, { object: "db", error: "It hangs." }]),
    );
    expect(bad.printed).toContain("  db: It hangs.");
    expect(bad.code).toBe(1);
  });
});

describe("a second person", () => {
  const needed = () => {
    throw new DsecosError("NeedsApproval", `An officer approves request ${id} first.`);
  };
  const request = { id, hash, arguments: '{"name":"t1"}', approvers: [], needed: 1 };

  it("is named when one is needed", async () => {
    const { code, told } = await dsecos("tenants delete t1 --grace-seconds 0", needed);
    expect(code).toBe(6);
    expect(told).toContain(`dsecos approvals approve ${id}`);
    expect(told).toContain("dsecos-officer");
  });

  it("is waited for, then the very same call is made again", async () => {
    const states = ["approved"];
    let asked = 0;
    const { code, calls } = await dsecos(
      "tenants delete t1 --grace-seconds 0 --wait-approval --no-wait",
      (_name, member) => {
        if (member === "List") return [{ ...request, state: states.shift() }];
        asked += 1;
        return asked === 1 ? needed() : id;
      },
    );
    expect(code).toBe(0);
    expect(calls.map(({ member }) => member)).toEqual(["Delete", "List", "Delete"]);
    expect(calls[2]?.inputs).toEqual(calls[0]?.inputs);
  });

  it("sees the request and passes the hash of exactly that", async () => {
    const answer: Answer = (_name, member) =>
      member === "List" ? [{ ...request, state: "pending" }] : request;
    const yes = await dsecos(`approvals approve ${id}`, answer, true);
    expect(yes.calls.at(-1)).toMatchObject({ member: "Approve", inputs: [id, hash] });
    expect(yes.told).toContain('arguments: {"name":"t1"}');
    const no = await dsecos(`approvals approve ${id}`, answer, false);
    expect(no.code).toBe(3);
    const nobody = await dsecos(`approvals approve ${id}`, answer);
    expect(nobody.code).toBe(2);
    for (const { calls } of [no, nobody]) {
      expect(calls.map(({ member }) => member)).toEqual(["List"]);
    }
    const gone = await dsecos(`approvals approve ${id} --yes`, () => []);
    expect(gone.code).toBe(4);
  });
});

describe("help", () => {
  it("shows an example at each level", async () => {
    const example = "dsecos tenants create mod-defense --domain defense_t";
    for (const line of ["--help", "tenants --help", "tenants create --help"]) {
      const { code, printed } = await dsecos(line);
      expect(code).toBe(0);
      expect(printed).toContain(example);
    }
    expect((await dsecos("--version")).printed).toBe("dsecos 1.2.3");
    expect((await dsecos("completion bash")).printed).toContain(
      "complete -o default -F _dsecos dsecos",
    );
    expect((await dsecos("completion fish")).code).toBe(2);
  });
});
