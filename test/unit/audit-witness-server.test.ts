import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, test } from "vitest";
import { cosignaturesOf } from "../../agent/audit/tlog/cosignature.ts";
import { parseNote } from "../../agent/audit/tlog/note.ts";
import { formatAddCheckpoint, sizeType } from "../../agent/audit/witness/protocol.ts";
import { addCheckpoint, type Judge } from "../../agent/audit/witness-server/judge.ts";
import { ensureKey } from "../../agent/audit/witness-server/key.ts";
import { parseLogs } from "../../agent/audit/witness-server/logs.ts";
import { Memory } from "../../agent/audit/witness-server/memory.ts";
import { TreeLog } from "../lib/tree-log.ts";

let directory: string;
let judge: Judge;
let log: TreeLog;

async function openJudge(): Promise<Judge> {
  const memory = await Memory.open(directory);
  const key = await ensureKey(directory, "witness.example/w1");
  return { memory, key, logs: () => parseLogs(`# watched\n\n${log.vkey}\n`) };
}

beforeEach(async () => {
  directory = mkdtempSync(join(tmpdir(), "dsecos-witness-"));
  log = new TreeLog("dsecos.org/audit/test/00000001").append(10);
  judge = await openJudge();
});

afterEach(async () => {
  await judge.memory.close();
  rmSync(directory, { recursive: true, force: true });
});

const post = (body: string | Buffer) => addCheckpoint(judge, Buffer.from(body));
const status = async (body: string | Buffer) => (await post(body)).status;

test("a checkpoint that continues what was seen is cosigned", async () => {
  for (const [old, size] of [
    [0, 3],
    [3, 3],
    [3, 10],
  ] as const) {
    const reply = await post(log.request(old, size));
    expect(reply.status).toBe(200);
    const note = parseNote(log.checkpoint(size) + reply.body);
    const { times, wrong } = cosignaturesOf(note, judge.key.verifier);
    expect(wrong).toBe(0);
    expect(times).toHaveLength(1);
    expect(Math.abs(Date.now() / 1000 - Number(times[0]))).toBeLessThan(3600);
  }
});

test("the size cosigned last is told where the old size is another, and survives a restart", async () => {
  expect(await status(log.request(0, 7))).toBe(200);
  await judge.memory.close();
  judge = await openJudge();
  for (const old of [0, 5]) {
    const reply = await post(log.request(old));
    expect(reply).toMatchObject({ status: 409, body: "7\n", type: sizeType });
  }
  expect(await status(log.request(7))).toBe(200);
});

test("a replay and a rollback are refused, and change nothing", async () => {
  const first = log.request(0, 5);
  expect(await status(first)).toBe(200);
  expect(await status(log.request(5, 10))).toBe(200);
  expect(await post(first)).toMatchObject({ status: 409, body: "10\n" });
  const rolledBack = log.copy(6);
  expect(await post(rolledBack.request(5))).toMatchObject({ status: 409, body: "10\n" });
  expect(await status(log.append(1).request(10))).toBe(200);
});

test("a fork is refused, longer, of the same size and with a proof of its own", async () => {
  expect(await status(log.request(0, 10))).toBe(200);
  const longer = log.copy(8).append(5, "forged");
  const refused = await post(longer.request(10));
  expect(refused.status).toBe(422);
  // What the log signed is kept in the journal: it proves that there were two histories.
  expect(refused.facts.evidence).toBe(longer.checkpoint());
  const same = log.copy(8).append(2, "forged");
  expect(await post(same.request(10))).toMatchObject({ status: 409, body: "10\n" });
  const without = formatAddCheckpoint({ old: 10, proof: [], note: longer.checkpoint() });
  expect(await status(without)).toBe(422);
  expect(await status(log.append(1).request(10))).toBe(200);
});

test("strangers, wrong signatures and sizes that cannot be have their own status", async () => {
  const stranger = new TreeLog("dsecos.org/audit/other/00000002").append(3);
  expect(await status(stranger.request(0))).toBe(404);
  const impostor = new TreeLog(log.origin).append(3);
  expect(await status(impostor.request(0))).toBe(403);
  const spoiled = log.request(0).replace(/^10$/m, "11");
  expect(await status(spoiled)).toBe(403);
  expect(await status(log.request(0, 3).replace("old 0", "old 4"))).toBe(400);
  const hash = `${Buffer.alloc(32, 1).toString("base64")}\n`;
  expect(await status(log.request(0, 3).replace("old 0\n", `old 0\n${hash}`))).toBe(422);
});

test("garbage is refused as such", async () => {
  const good = log.request(0);
  const hash = `${Buffer.alloc(32, 1).toString("base64")}\n`;
  const bad = [
    "",
    "\n\n",
    "old 0\n\n",
    good.replace("old 0", "old 00"),
    good.replace("old 0", "old -1"),
    good.replace("old 0", "old 9007199254740993"),
    good.replace("old 0\n", "old 0\nnotahash=\n"),
    good.replace("old 0\n", `old 0\n${hash.repeat(64)}`),
    good.slice(0, -1),
    good.replace("\n10\n", "\n010\n"),
  ];
  for (const body of bad) expect(await status(body), JSON.stringify(body)).toBe(400);
  expect(await status(Buffer.from([0xff, 0xfe, 10, 10, 1]))).toBe(400);
  expect(await status(good)).toBe(200);
});

test("of many requests at the same time only one history is cosigned", async () => {
  expect(await status(log.request(0, 5))).toBe(200);
  const forks = Array.from({ length: 20 }, (_, i) => log.copy(5).append(i + 1, `fork ${i}`));
  const replies = await Promise.all(forks.map((fork) => post(fork.request(5))));
  const won = replies.flatMap(({ status }, i) => (status === 200 ? [i] : []));
  expect(won).toHaveLength(1);
  const [winner = 0] = won;
  const size = 5 + winner + 1;
  for (const { status, body } of replies.filter((_, i) => i !== winner)) {
    expect([status, body]).toEqual([409, `${size}\n`]);
  }
});

test("two witnesses do not share a directory, and a damaged record is not begun anew", async () => {
  await expect(Memory.open(directory)).rejects.toThrow("another witness uses this directory");
  expect(await status(log.request(0))).toBe(200);
  await judge.memory.close();
  judge = await openJudge();
  const [file = ""] = readdirSync(join(directory, "logs"));
  const path = join(directory, "logs", file);
  const whole = readFileSync(path, "utf8");
  for (const wrong of [whole.slice(0, 20), "{}", whole.replace("test", "other")]) {
    writeFileSync(path, wrong);
    await expect(post(log.request(10))).rejects.toThrow("is damaged");
  }
  writeFileSync(path, whole);
  expect(await status(log.request(10))).toBe(200);
});

test("the key is made once and keeps its name", async () => {
  const again = await ensureKey(directory, undefined);
  expect(again.vkey).toBe(judge.key.vkey);
  expect(readFileSync(join(directory, "witness.vkey"), "utf8")).toBe(`${again.vkey}\n`);
  await expect(ensureKey(directory, "other.example")).rejects.toThrow("called witness.example/w1");
});

test("a log may have several keys, and a key of another kind is refused", () => {
  const second = new TreeLog(log.origin);
  expect(parseLogs(`${log.vkey}\n${second.vkey}`).get(log.origin)).toHaveLength(2);
  expect(() => parseLogs(judge.key.vkey)).toThrow("not that of a log");
});
