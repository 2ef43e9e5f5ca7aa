/** Content of others on its way: through the pipeline, and from a file of the command line. */
import { mkdtempSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { Readable } from "node:stream";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import type { AgentClient } from "../../agent/bus/client.ts";
import type { BusConnection } from "../../agent/bus/connection.ts";
import { content, defineInterface, type Method, text } from "../../agent/bus/contract.ts";
import { commandsOf, synopsis } from "../../agent/bus/derive/commands.ts";
import { exampleOf } from "../../agent/bus/derive/examples.ts";
import { Dispatcher, type Handler } from "../../agent/bus/dispatch.ts";
import { DsecosError } from "../../agent/bus/errors.ts";
import { lineSchema } from "../../agent/bus/fields.ts";
import type { Incoming } from "../../agent/bus/wire.ts";
import { readContents } from "../../agent/cli/contents.ts";
import { parseCall } from "../../agent/cli/parse.ts";
import { runProgram } from "../../agent/cli/program.ts";
import type { Terminal } from "../../agent/cli/terminal.ts";
import { checkLog } from "../lib/check-log.ts";
import { removeTree } from "../lib/remove-tree.js";
import { WriterLog } from "../lib/writer-log.ts";

const safe = defineInterface({
  name: "org.dsecos.Safe1",
  subsystem: "safe",
  description: "Keeps what it is given.",
  path: "/org/dsecos/safe",
  actions: { use: { description: "Use it", roles: ["operator"] } },
  methods: {
    Put: {
      description: "Takes something.",
      in: [
        text("label", lineSchema(20), "Its label, for example first."),
        content("message", 48, "What to keep."),
      ],
      out: text("echo", lineSchema(200), "The same."),
      action: "use",
      changes: true,
    },
    Get: {
      description: "Gives something.",
      in: [text("label", lineSchema(20), "Its label, for example first.")],
      out: content("message", 48, "What was kept."),
      action: "use",
      changes: true,
    },
    Look: {
      description: "Looks whether it has something.",
      in: [content("message", 48, "What to look for.")],
      out: text("answer", lineSchema(20), "Yes or no."),
      action: "use",
      recorded: true,
    },
  },
  signals: {},
});

const gives =
  (value: string): Handler =>
  async () =>
    value;
const full: Handler = async () => {
  throw new DsecosError("Conflict", "It is full.");
};

const secret = Buffer.from("a sentence that nobody may find again");
const base64 = secret.toString("base64");
let directory: string;
let log: WriterLog;

beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), "dsecos-content-"));
  log = new WriterLog(directory);
});
afterEach(() => removeTree(directory));

type Replied = { body?: unknown[]; error?: string };

/** The pipeline and the log are real; the bus and polkit are what the test says they are. */
function pipeline(handlers: Record<string, Handler>, allowed = true) {
  const replies: ((replied: Replied) => void)[] = [];
  const bus = {
    onCall: undefined as ((message: Incoming) => void) | undefined,
    reply: (_head: unknown, _signature: string, body: unknown[]) => replies.shift()?.({ body }),
    replyError: (_head: unknown, _name: string, text: string) => replies.shift()?.({ error: text }),
  };
  const caller = { connection: ":1.1", uid: 1000, user: "alice", gids: [], pid: 1 };
  const dispatcher = new Dispatcher({
    bus: bus as unknown as BusConnection,
    identities: { of: async () => ({ ...caller, loginuid: -1, label: "" }) } as never,
    polkit: { allows: async () => allowed } as never,
    approvals: { require: async () => [] },
    audit: log,
    node: "n1",
    tree: { contracts: [safe], children: () => [], machineId: "" },
    log: () => {},
  });
  dispatcher.serve(safe, { handlers });
  return (member: keyof typeof safe.methods, ...body: unknown[]): Promise<Replied> => {
    const signature = "s".repeat(body.length);
    const place = { path: safe.path, interface: safe.name, sender: ":1.1", size: 100, flags: 0 };
    const head = { ...place, member, signature, type: 1 };
    return new Promise((resolve) => {
      replies.push(resolve);
      bus.onCall?.({ head, body: () => body } as unknown as Incoming);
    });
  };
}

/** All bytes under the log's directory. */
function written(): string {
  log.close();
  const files = readdirSync(directory, { recursive: true, withFileTypes: true });
  const texts = files
    .filter((file) => file.isFile())
    .map((file) => readFileSync(join(file.parentPath, file.name), "latin1"));
  return texts.join("\n");
}

describe("the pipeline", () => {
  test("records how much content there was, and nothing else of it", async () => {
    const call = pipeline({
      Put: gives(base64),
      Get: gives(base64),
      Look: gives("no"),
    });
    expect(await call("Put", "first", base64)).toEqual({ body: [base64] });
    expect(await call("Get", "first")).toEqual({ body: [base64] });
    expect(await call("Look", base64)).toEqual({ body: ["no"] });
    const bytes = written();
    expect(bytes).toContain("safe.Put");
    expect(bytes).not.toContain(base64);
    expect(bytes).not.toContain(secret.toString());
    const details = checkLog(directory).entries.map(({ action, outcome, details }) => [
      `${action} ${outcome}`,
      details,
    ]);
    expect(details).toEqual([
      ["safe.Put intent", { label: "first", message: { bytes: secret.length } }],
      ["safe.Put success", undefined],
      ["safe.Get intent", { label: "first" }],
      ["safe.Get success", undefined],
      ["safe.Look success", { message: { bytes: secret.length } }],
    ]);
  });

  test("leaves content out of refusals and failures, too", async () => {
    const refused = pipeline({ Put: gives("") }, false);
    expect((await refused("Put", "first", base64)).error).toContain("dsecos-operator");
    const failing = pipeline({ Put: full });
    expect(await failing("Put", "first", base64)).toEqual({ error: "It is full." });
    const bytes = written();
    expect(bytes).toContain("refused");
    expect(bytes).toContain("It is full.");
    expect(bytes).not.toContain(base64);
  });

  test("adds what a service notes to the outcome, of success and of failure", async () => {
    let fails = false;
    const noting: Handler = async ({ note }) => {
      note({ key: "documents", bytes: 37 });
      note({ version: 2 });
      if (fails) throw new DsecosError("Unavailable", "The token is gone.");
      return base64;
    };
    const call = pipeline({ Get: noting });
    await call("Get", "first");
    fails = true;
    await call("Get", "first");
    log.close();
    const noted = { key: "documents", bytes: 37, version: 2 };
    const outcomes = checkLog(directory).entries.filter(({ outcome }) => outcome !== "intent");
    expect(outcomes).toMatchObject([
      { outcome: "success", details: noted },
      { outcome: "failure", details: noted, error: "The token is gone." },
    ]);
  });

  test.each([
    ["not base64", "§§§§", /base64/],
    ["without padding", "YQ", /base64/],
    ["too long by one", Buffer.alloc(49).toString("base64"), /At most 48 bytes/],
  ])("refuses content that is %s, without repeating it", async (_what, message, why) => {
    const { error = "" } = await pipeline({})("Put", "first", message);
    expect(error).toMatch(why);
    expect(error).not.toContain(message);
  });
});

test("a member with content cannot ask for approval of what no approver sees", () => {
  const Put = { ...safe.methods.Put, approvals: 1 } as unknown as Method<"use">;
  expect(() => defineInterface({ ...safe, methods: { Put } })).toThrow(/nobody can approve/);
  const hash = text("hash", lineSchema(64), "Its SHA-256.");
  const named = { ...Put, in: [hash, ...Put.in.map((one) => ({ ...one, approvedBy: "hash" }))] };
  const pinned = named as unknown as Method<"use">;
  expect(() => defineInterface({ ...safe, methods: { Put: pinned } })).not.toThrow();
});

test("a member cannot tell polkit or the record content as its tenant or object", () => {
  const Put = { ...safe.methods.Put, object: "message" } as unknown as Method<"use">;
  expect(() => defineInterface({ ...safe, methods: { Put } })).toThrow(/told to nobody/);
});

describe("the command line", () => {
  const command = commandsOf([safe]).find(({ verb }) => verb === "put");
  if (command === undefined) throw new Error("no verb put");

  test("asks for a file, and says so", () => {
    expect(synopsis(command)).toBe("dsecos safe put LABEL --message @FILE");
    expect(exampleOf(command)).toBe("dsecos safe put first --message @message.bin");
  });

  test("takes no content as a word", () => {
    const words = ["first", "--message", base64];
    expect(() => parseCall(command, words)).toThrow(/name a file as @FILE, or - for/);
  });

  test("reads it from a file or from standard input", async () => {
    const file = join(directory, "message");
    writeFileSync(file, secret);
    const { inputs } = parseCall(command, ["first", "--message", `@${file}`]);
    expect(await readContents(safe.methods.Put, inputs)).toEqual(["first", base64]);
    const piped = parseCall(command, ["first", "--message", "-"]);
    const input = Readable.from([secret.subarray(0, 5), secret.subarray(5)]);
    expect(await readContents(safe.methods.Put, piped.inputs, input)).toEqual(["first", base64]);
  });

  test("gives content on as it is, and in base64 to a person and to programs that ask for JSON", async () => {
    const get = async (words: string[], isPerson: boolean) => {
      const printed: string[] = [];
      const bytes: Uint8Array[] = [];
      const terminal: Terminal = {
        ...{ screen: { width: 80, colour: false }, interactive: false },
        print: (text) => printed.push(text),
        ...(isPerson ? {} : { printBytes: (some: Uint8Array) => bytes.push(some) }),
        ...{ tell: () => {}, progress: () => {}, confirm: async () => undefined },
      };
      const client = { call: async () => base64, close: () => {} } as unknown as AgentClient;
      const connect = async () => client;
      await runProgram(words, { contracts: [safe], version: "1", terminal, connect });
      return { printed: printed.join(), bytes: Buffer.concat(bytes) };
    };
    const words = ["safe", "get", "first"];
    expect(await get(words, false)).toEqual({ printed: "", bytes: secret });
    expect(await get(words, true)).toEqual({ printed: base64, bytes: Buffer.of() });
    expect(await get([...words, "--json"], false)).toMatchObject({ printed: `"${base64}"` });
  });

  test("says which file cannot be read, and what is too much", async () => {
    const missing = readContents(safe.methods.Put, ["first", `@${directory}/none`]);
    await expect(missing).rejects.toMatchObject({
      code: "InvalidArgument",
      message: expect.stringContaining(`${directory}/none`),
    });
    let given = 0;
    const endless = async function* () {
      for (;;) {
        given += 16;
        yield Buffer.alloc(16);
      }
    };
    const large = readContents(safe.methods.Put, ["first", "-"], endless());
    await expect(large).rejects.toThrow("standard input has more than 48 bytes");
    expect(given).toBe(64);
  });
});
