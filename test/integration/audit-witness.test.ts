/** The witness as it is installed: its own program, its sockets, and what a crash leaves of it. */
import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { createInterface } from "node:readline";
import { afterEach, beforeEach, expect, test } from "vitest";
import { Remote, Unreachable } from "../../agent/audit/remote.ts";
import { cosignaturesOf } from "../../agent/audit/tlog/cosignature.ts";
import { parseNote, parseVerifierKey } from "../../agent/audit/tlog/note.ts";
import { TreeLog } from "../lib/tree-log.ts";

const program = resolve(import.meta.dirname, "../../dist/agent/dsecos-witness.js");

let directory: string;
let log: TreeLog;
const children: ChildProcess[] = [];
const remotes: Remote[] = [];

beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), "dsecos-witness-"));
  log = new TreeLog("dsecos.org/audit/test/00000001").append(10);
  writeFileSync(join(directory, "logs"), `# watched\n${log.vkey}\n`);
});

afterEach(async () => {
  for (const remote of remotes.splice(0)) remote.close();
  for (const child of children.splice(0)) await kill(child);
  rmSync(directory, { recursive: true, force: true });
});

async function kill(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return;
  const gone = once(child, "exit");
  child.kill("SIGKILL");
  await gone;
}

interface Ready {
  message: string;
  address: string | { port: number };
  key: string;
}

function launch(options: readonly string[], under: readonly string[] = []): ChildProcess {
  const own = ["--state", join(directory, "state"), "--logs", join(directory, "logs")];
  const [command = "", ...args] = [...under, process.execPath, program, ...own, ...options];
  // strace counts the calls of each thread by itself, so there is one for files.
  const env = { ...process.env, UV_THREADPOOL_SIZE: "1" };
  const child = spawn(command, args, { stdio: ["ignore", "ignore", "pipe"], env });
  children.push(child);
  return child;
}

/** @param under a program that runs the witness, with its options */
async function start({
  listen = `unix:${join(directory, "w.sock")}`,
  under = [] as string[],
} = {}) {
  const child = launch(["--listen", listen, "--name", "witness.example"], under);
  if (child.stderr === null) throw new Error("no standard error");
  const lines = createInterface({ input: child.stderr });
  const facts = await new Promise<Ready>((done, failed) => {
    const said: string[] = [];
    child.once("exit", () => failed(new Error(`the witness ended: ${said.join("\n")}`)));
    lines.on("line", (line) => {
      said.push(line);
      if (line.includes('"ready"')) done(JSON.parse(line));
    });
  });
  const { address } = facts;
  const at = typeof address === "string" ? `unix:${address}` : `http://127.0.0.1:${address.port}`;
  const remote = new Remote(at);
  remotes.push(remote);
  const post = (body: string) => remote.send({ method: "POST", path: "/add-checkpoint", body });
  return { child, key: facts.key, post };
}

test("it cosigns over TCP and over a unix socket, and keeps key and memory", async () => {
  const first = await start({ listen: "127.0.0.1:0" });
  const { status, text } = await first.post(log.request(0, 4));
  expect(status).toBe(200);
  const key = parseVerifierKey(first.key);
  expect(cosignaturesOf(parseNote(log.checkpoint(4) + text), key).times).toHaveLength(1);
  first.child.kill("SIGTERM");
  expect(await once(first.child, "exit")).toEqual([0, null]);
  const second = await start();
  expect(second.key).toBe(first.key);
  expect(await second.post(log.request(0))).toMatchObject({ status: 409, text: "4\n" });
  expect(await second.post(log.request(4))).toMatchObject({ status: 200 });
  const vkey = readFileSync(join(directory, "state/witness.vkey"), "utf8");
  expect(vkey).toBe(`${first.key}\n`);
});

test("it starts again after a kill, though its socket and lock are still there", async () => {
  const first = await start();
  await first.post(log.request(0));
  await kill(first.child);
  const second = await start();
  expect(await second.post(log.request(0, 3))).toMatchObject({ status: 409, text: "10\n" });
});

test("of two on one directory the second ends with a sentence", async () => {
  await start();
  const second = start({ listen: "127.0.0.1:0" });
  await expect(second).rejects.toThrow("another witness uses this directory");
});

test("it reads the list of logs again when it changed, and keeps the old one when that is wrong", async () => {
  const { post } = await start();
  const later = new TreeLog("dsecos.org/audit/later/00000002").append(2);
  expect((await post(later.request(0))).status).toBe(404);
  writeFileSync(join(directory, "logs"), `${log.vkey}\n${later.vkey}\n`);
  expect((await post(later.request(0))).status).toBe(200);
  writeFileSync(join(directory, "logs"), "nonsense\n");
  expect((await post(later.request(2))).status).toBe(200);
});

/** Ends the witness at its n-th fsync, which is not done any more. */
const dieAtSync = (n: number) => [
  ...["strace", "--follow-forks", "--quiet=all", "--output=/dev/null"],
  ...["--trace=fsync", `--inject=fsync:signal=KILL:when=${n}`],
];

test.each([
  { when: 1, name: "before its record is in place", known: 4 },
  { when: 2, name: "after its record is in place, before it answers", known: 10 },
])(
  "killed $name, it never signs two histories",
  async ({ when, known }) => {
    const first = await start();
    expect((await first.post(log.request(0, 4))).status).toBe(200);
    await kill(first.child);
    const doomed = await start({ under: dieAtSync(when) });
    await expect(doomed.post(log.request(4))).rejects.toBeInstanceOf(Unreachable);
    await once(doomed.child, "exit");
    const { post } = await start();
    expect(await post(log.request(0))).toMatchObject({ status: 409, text: `${known}\n` });
    const fork = log.copy(4).append(8, "forged");
    const forked = await post(fork.request(known));
    // Nothing of the doomed one's history was told to anybody when it is not on record.
    expect(forked.status).toBe(known === 4 ? 200 : 422);
    const right = await post(log.request(known));
    expect(right.status).toBe(known === 4 ? 409 : 200);
  },
  120_000,
);

test("many posts at once get one history", async () => {
  const { post } = await start({ listen: "127.0.0.1:0" });
  expect((await post(log.request(0, 5))).status).toBe(200);
  const forks = Array.from({ length: 40 }, (_, i) => log.copy(5).append(1, `fork ${i}`));
  const replies = await Promise.all(forks.map((fork) => post(fork.request(5))));
  expect(replies.filter(({ status }) => status === 200)).toHaveLength(1);
  expect(replies.filter(({ status }) => status === 409)).toHaveLength(39);
});

test.each([
  [[], "--listen, --state and --logs are needed"],
  [["--listen", "nowhere"], "nowhere is no address"],
  [["--listen", "127.0.0.1:0"], "At the first start, --name says how the witness is called."],
  [["--listen", "127.0.0.1:0", "--name", "a b"], "cannot be the name of a key"],
])("%j ends with one sentence", async (options, sentence) => {
  const child = launch(options);
  let said = "";
  child.stderr?.on("data", (chunk) => {
    said += chunk;
  });
  expect(await once(child, "close")).toEqual([1, null]);
  expect(said).toContain(sentence);
  expect(said.trim().split("\n")).toHaveLength(1);
});
