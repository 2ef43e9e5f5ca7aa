import { once } from "node:events";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { createServer, type RequestListener, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, test } from "vitest";
import { Remote, Unreachable } from "../../agent/audit/remote.ts";
import { cosign, cosignaturesOf } from "../../agent/audit/tlog/cosignature.ts";
import { formatSignature, parseNote, parseVerifierKey } from "../../agent/audit/tlog/note.ts";
import { createWitnesses, type Witnesses } from "../../agent/audit/witness/service.ts";
import { ensureKey } from "../../agent/audit/witness-server/key.ts";
import { parseLogs } from "../../agent/audit/witness-server/logs.ts";
import { Memory } from "../../agent/audit/witness-server/memory.ts";
import { createWitnessServer } from "../../agent/audit/witness-server/server.ts";
import { RecordingAudit } from "../lib/recording-audit.ts";
import { TreeLog } from "../lib/tree-log.ts";

const silent = () => undefined;
let directory: string;
let memory: Memory;
let log: TreeLog;
/** Verifier keys of the logs that the witness watches. */
let watched: string;
let vkey: string;
let server: Server;
let audit: RecordingAudit;
const ends: (() => Promise<unknown>)[] = [];

beforeEach(async () => {
  directory = mkdtempSync(join(tmpdir(), "dsecos-witness-"));
  log = new TreeLog("dsecos.org/audit/test/00000001").append(10);
  watched = log.vkey;
  memory = await Memory.open(directory);
  const key = await ensureKey(directory, "witness.example/w1");
  vkey = key.vkey;
  const judge = { key, memory, logs: () => parseLogs(watched) };
  server = createWitnessServer(judge, silent);
  audit = new RecordingAudit();
});

afterEach(async () => {
  for (const end of ends.splice(0)) await end();
  await memory.close();
  rmSync(directory, { recursive: true, force: true });
});

async function listen(at: Server, address: string | number): Promise<void> {
  at.listen(typeof address === "number" ? { port: address, host: "127.0.0.1" } : { path: address });
  await once(at, "listening");
  ends.push(async () => {
    at.closeAllConnections();
    at.close();
  });
}

const socket = () => join(directory, "w.sock");

/** A node's side: what is offered, what came back, and waiting that the test lets pass. */
async function node(change: { url?: string; key?: string; from?: () => TreeLog } = {}) {
  const listeners = new Set<(note: string) => void>();
  const kept: { text: string; lines: string[] }[] = [];
  const waits: number[] = [];
  const waiting: (() => void)[] = [];
  let told = () => {};
  let clock = Date.now();
  const witnesses: Witnesses = createWitnesses({
    witnesses: [{ url: change.url ?? `unix:${socket()}`, key: change.key ?? vkey }],
    directory,
    audit,
    log: silent,
    now: () => clock,
    sealing: {
      onSealed(listener) {
        listeners.add(listener);
        return () => listeners.delete(listener);
      },
      async addCosignatures(text, lines) {
        kept.push({ text, lines });
        told();
      },
    },
    proofs: {
      consistency: async (from, to) => (change.from?.() ?? log).proof(from, to),
    },
    wait: (ms, signal) =>
      new Promise((resolve, reject) => {
        waits.push(ms);
        waiting.push(() => resolve(undefined));
        signal.onabort = () => reject(new Error("stopped"));
        told();
      }),
  });
  await witnesses.start();
  ends.push(() => witnesses.stop());
  const next = () =>
    new Promise<void>((resolve) => {
      told = resolve;
    });
  return {
    witnesses,
    kept,
    waits,
    /** Offers a checkpoint, and resolves when it is signed or the next try waits. */
    async offer(from: TreeLog = log) {
      const done = next();
      for (const listener of listeners) listener(from.checkpoint());
      await done;
    },
    seal: (from: TreeLog = log) => {
      for (const listener of listeners) listener(from.checkpoint());
    },
    async letPass() {
      const done = next();
      waiting.shift()?.();
      await done;
    },
    advance: (ms: number) => {
      clock += ms;
    },
    status: () => witnesses.status()[0],
  };
}

const alarmKinds = () =>
  audit.entries
    .filter(({ action }) => action === "audit.WitnessAlarm")
    .map(({ details }) => details?.kind);

test("what the witness signs is verified and handed on, and its key is put down", async () => {
  await listen(server, socket());
  const { offer, kept, status } = await node();
  expect(status()).toMatchObject({ state: "unknown", at: "" });
  await offer();
  await offer(log.append(3));
  expect(kept).toHaveLength(2);
  const note = parseNote(log.checkpoint() + kept[1]?.lines.join(""));
  expect(kept[1]?.text).toBe(note.text);
  expect(cosignaturesOf(note, parseVerifierKey(vkey))).toMatchObject({ wrong: 0 });
  expect(cosignaturesOf(note, parseVerifierKey(vkey)).times).toHaveLength(1);
  expect(status()).toMatchObject({ name: "witness.example/w1", state: "ok", size: 13 });
  expect(readFileSync(join(directory, "witnesses"), "utf8")).toBe(`${vkey}\n`);
});

test("after a restart it goes on from the size that the witness has", async () => {
  await listen(server, socket());
  await (await node()).offer();
  const { offer, kept, waits } = await node();
  await offer(log.append(1));
  expect(kept).toHaveLength(1);
  expect(waits).toEqual([]);
});

test("a log that was set back is an alarm, once, and clears when the real one is there", async () => {
  await listen(server, socket());
  await (await node()).offer();
  let current = log.copy(6);
  const { offer, letPass, kept, status, waits, seal } = await node({ from: () => current });
  await offer(current);
  expect(status()).toMatchObject({ state: "alarm", alarms: [{ kind: "witness.ahead" }] });
  expect(status()?.text).toContain("has signed 10 events of this log, which has 6");
  await letPass();
  expect(alarmKinds()).toEqual(["witness.ahead"]);
  expect(waits).toEqual([1000, 2000]);
  expect(kept).toEqual([]);
  current = log.append(1);
  seal(current);
  await letPass();
  expect(status()).toMatchObject({ state: "ok", size: 11, alarms: [] });
});

test("a fork is an alarm, longer or of the same size", async () => {
  await listen(server, socket());
  await (await node()).offer();
  for (const more of [2, 7]) {
    const forged = log.copy(8).append(more, "forged");
    const { offer, status, kept } = await node({ from: () => forged });
    await offer(forged);
    expect(status()).toMatchObject({ state: "alarm", alarms: [{ kind: "witness.fork" }] });
    expect(kept).toEqual([]);
  }
  expect(alarmKinds()).toEqual(["witness.fork", "witness.fork"]);
});

test("a proof that cannot be made is an alarm", async () => {
  await listen(server, socket());
  await (await node()).offer();
  const broken = log.copy(4);
  const { offer, status } = await node({ from: () => broken });
  await offer(log.append(1));
  expect(status()).toMatchObject({ state: "alarm", alarms: [{ kind: "witness.proof" }] });
});

test("a dead witness is asked less and less often, and found again", async () => {
  const { offer, letPass, waits, status, kept } = await node();
  await offer();
  expect(status()).toMatchObject({ state: "warning" });
  expect(status()?.text).toContain("there is no such socket");
  for (let i = 0; i < 7; i++) await letPass();
  expect(waits).toEqual([1000, 2000, 4000, 8000, 16_000, 32_000, 60_000, 60_000]);
  await listen(server, socket());
  await letPass();
  expect(kept).toHaveLength(1);
  expect(status()).toMatchObject({ state: "ok" });
});

test("without a signature for five minutes it is stale, only while there are new events", async () => {
  await listen(server, socket());
  const { offer, advance, witnesses, status, letPass } = await node();
  await offer();
  advance(60 * 60_000);
  witnesses.check();
  expect(status()).toMatchObject({ state: "ok" });
  server.closeAllConnections();
  server.close();
  await offer(log.append(1));
  advance(4 * 60_000);
  witnesses.check();
  expect(status()?.alarms).toEqual([]);
  advance(60_000);
  witnesses.check();
  witnesses.check();
  expect(status()).toMatchObject({ state: "alarm", alarms: [{ kind: "witness.stale" }] });
  expect(alarmKinds()).toEqual(["witness.stale"]);
  await listen(server, socket());
  await letPass();
  witnesses.check();
  expect(status()?.alarms).toEqual([]);
});

test("a signature under another key than the configured one is not taken", async () => {
  await listen(server, socket());
  const elsewhere = mkdtempSync(join(tmpdir(), "dsecos-witness-"));
  try {
    const { vkey: wrong } = await ensureKey(elsewhere, "witness.example/w1");
    const { offer, kept, status } = await node({ key: wrong });
    await offer();
    expect(kept).toEqual([]);
    expect(status()?.text).toContain("signed something else, or under another key");
  } finally {
    rmSync(elsewhere, { recursive: true, force: true });
  }
});

test("what the operator of the witness has to do is said", async () => {
  await listen(server, socket());
  watched = new TreeLog("dsecos.org/audit/other/00000002").vkey;
  const first = await node();
  await first.offer();
  expect(first.status()?.text).toContain("does not know this log");
  watched = new TreeLog(log.origin).vkey;
  const second = await node();
  await second.offer();
  expect(second.status()?.text).toContain("knows another key for this log");
});

/** A server that answers as no right witness would. */
async function oddWitness(handler: RequestListener): Promise<string> {
  const odd = createServer(handler);
  await listen(odd, 0);
  return `http://127.0.0.1:${(odd.address() as AddressInfo).port}/prefix/`;
}

test("a busy witness sets the time, five minutes at most", async () => {
  let seconds = "17";
  const url = await oddWitness(({ url: path }, response) => {
    expect(path).toBe("/prefix/add-checkpoint");
    response.writeHead(503, { "Retry-After": seconds }).end();
  });
  const { offer, letPass, waits } = await node({ url });
  await offer();
  seconds = "999999";
  await letPass();
  expect(waits).toEqual([17_000, 300_000]);
});

test("answers that make no sense do no harm", async () => {
  const answers: RequestListener[] = [
    (_, response) => response.end("— witness.example/w1 AAAA\n— x\n\u0000"),
    (_, response) => response.writeHead(409).end("many\n"),
    (_, response) => response.writeHead(500).end("x".repeat(1024 * 1024)),
    (_, response) => response.writeHead(302, { Location: "http://127.0.0.1:1/" }).end(),
    (request) => request.destroy(),
  ];
  let at = 0;
  const url = await oddWitness((request, response) => answers[at]?.(request, response));
  const { offer, letPass, kept, status } = await node({ url });
  await offer();
  for (at = 1; at < answers.length; at++) {
    await letPass();
    expect(status()).toMatchObject({ state: "warning" });
    expect(status()?.text.length).toBeLessThan(300);
  }
  expect(kept).toEqual([]);
});

test("of what a witness answers only its signature of this checkpoint is taken", async () => {
  const { verifier, privateKey } = await ensureKey(directory, undefined);
  const { text } = parseNote(log.checkpoint());
  const right = cosign(text, 1_700_000_000, verifier, privateKey);
  const answers = [
    [cosign(log.checkpoint(3), 1_700_000_000, verifier, privateKey)],
    [{ ...right, name: "other.example" }],
    [{ ...right, id: (right.id ^ 1) >>> 0 }],
    [{ ...right, name: "other.example" }, right],
  ];
  let at = 0;
  const url = await oddWitness((_, response) => {
    response.end((answers[at] ?? []).map(formatSignature).join(""));
  });
  const { offer, letPass, kept, status } = await node({ url });
  await offer();
  for (at = 1; at < answers.length; at++) {
    expect(kept).toEqual([]);
    await letPass();
  }
  expect(kept).toEqual([{ text, lines: [formatSignature(right)] }]);
  expect(status()).toMatchObject({ state: "warning", at: "2023-11-14T22:13:20.000Z" });
  expect(status()?.text).toContain("The clocks of witness.example/w1 and of this node differ");
});

test("a request has a limit in time", async () => {
  const url = await oddWitness(() => undefined);
  const remote = new Remote(url);
  const late = remote.send({ method: "GET", path: "/", timeoutMs: 20 });
  await expect(late).rejects.toThrow("it did not answer within 0.02 s");
  await expect(late).rejects.toBeInstanceOf(Unreachable);
  remote.close();
});

test("a reply has a limit in size", async () => {
  const url = await oddWitness((_, response) => response.write("x".repeat(512 * 1024)));
  const remote = new Remote(url);
  const endless = remote.send({ method: "GET", path: "/" });
  await expect(endless).rejects.toThrow("its answer has no end");
  remote.close();
});

test("the server bounds a request, and knows one path", async () => {
  await listen(server, 0);
  const remote = new Remote(`http://127.0.0.1:${(server.address() as AddressInfo).port}`);
  const post = (path: string, body: string) => remote.send({ method: "POST", path, body });
  expect((await post("/add-checkpoint", "x".repeat(200_000))).status).toBe(413);
  expect((await post("/other", "")).status).toBe(404);
  expect((await remote.send({ method: "GET", path: "/add-checkpoint" })).status).toBe(405);
  expect((await post("/add-checkpoint", log.request(0))).status).toBe(200);
  const { text } = await remote.send({ method: "GET", path: "/metrics" });
  expect(text).toContain(`dsecos_witness_cosigned_size{origin="${log.origin}"} 10`);
  remote.close();
});
