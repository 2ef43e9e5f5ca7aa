import { hash } from "node:crypto";
import { once } from "node:events";
import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  renameSync,
  statSync,
  writeFileSync,
} from "node:fs";
import { createServer, type RequestListener, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { basename, join } from "node:path";
import * as v from "valibot";
import { afterEach, beforeEach, expect, test } from "vitest";
import { Offload } from "../../agent/audit/offload/service.ts";
import { type OffloadConfig, offloadSchema } from "../../agent/audit/offload/types.ts";
import { RecordingAudit } from "../lib/recording-audit.ts";
import { removeTree } from "../lib/remove-tree.js";
import { TreeLog } from "../lib/tree-log.ts";

const origin = "dsecos.org/audit/test/00000001";
const segment = "log/00000000000000000000.segz";

let directory: string;
/** On another file system. */
let target: string;
let audit: RecordingAudit;
let log: TreeLog;
let journal: string[];
let server: Server | undefined;
const offloads: Offload[] = [];

beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), "dsecos-offload-"));
  target = mkdtempSync("/dev/shm/dsecos-offload-");
  audit = new RecordingAudit();
  journal = [];
  log = new TreeLog(origin).append(300);
  put("log.json", JSON.stringify({ keys: [], origin }));
  put(segment, "closed segment");
  put("log/00000000000000000256.seg", "open segment");
  put("tile/1/000.p/1", "partial");
  put("tile/1/x001/000", "full");
  put("checkpoint", log.checkpoint());
});

afterEach(async () => {
  for (const offload of offloads.splice(0)) await offload.stop();
  server?.closeAllConnections();
  server?.close();
  server = undefined;
  removeTree(directory);
  removeTree(target);
});

function put(path: string, text: string): void {
  mkdirSync(join(directory, path, ".."), { recursive: true });
  writeFileSync(join(directory, path), text);
}

/** @returns the agent's part, with rounds that the test lets pass */
function start(config: OffloadConfig = { directory: target }) {
  const waits: number[] = [];
  let pass = () => {};
  let told = () => {};
  let clock = Date.parse("2026-03-02T12:00:00Z");
  const offload = new Offload({
    config,
    directory,
    audit,
    log: (_level, message, facts) => journal.push(JSON.stringify([message, facts])),
    now: () => clock,
    wait: (ms, signal) =>
      new Promise((resolve, reject) => {
        waits.push(ms);
        pass = () => resolve(undefined);
        signal.onabort = () => reject(new Error("stopped"));
        told();
      }),
  });
  offloads.push(offload);
  const round = () =>
    new Promise<void>((resolve) => {
      told = resolve;
      pass();
    });
  const first = round();
  offload.start();
  return {
    offload,
    waits,
    first,
    /** Resolves at the next wait. */
    round,
    advance: (minutes: number) => {
      clock += minutes * 60_000;
    },
  };
}

const copies = (): string[] =>
  readdirSync(target, { recursive: true, encoding: "utf8" })
    .filter((name) => statSync(join(target, name)).isFile())
    .map((name) => name.replace(`${origin}/`, "").replace(/-[0-9a-f]{16}$/, "-HASH"))
    .sort();

const events = (action: string) => audit.entries.filter((entry) => entry.action === action);

test("closed segments, full tiles, past seals and each state of what changes are copied", async () => {
  put("seals/2026-03-01.jsonl", "yesterday");
  put("seals/2026-03-02.jsonl", "today");
  put("log/00000000000000065536.gone", "{}");
  put("key/secret", "never");
  put("index/0", "derived");
  const { offload, first, waits } = start();
  expect(offload.status()).toMatchObject({ state: "unknown", at: "" });
  await first;
  expect(copies()).toEqual([
    "checkpoints/00000000000000000300-HASH",
    "log.json-HASH",
    segment,
    "log/00000000000000065536.gone",
    "seals/2026-03-01.jsonl",
    "tile/1/x001/000",
  ]);
  expect(readFileSync(join(target, origin, segment), "utf8")).toBe("closed segment");
  expect(offload.status()).toMatchObject({ state: "ok", files: 6, alarms: [] });
  expect(waits).toEqual([60_000]);
  const [event, ...others] = events("audit.Offloaded");
  expect(others).toEqual([]);
  expect(event).toMatchObject({ source: "log", outcome: "success" });
  const told = Object.keys((event?.details?.files ?? {}) as object);
  // Not the checkpoint: an event about each would make another one.
  expect(told).toHaveLength(5);
  expect(told).toContain(segment);
});

test("a round copies what is new, a checkpoint every five minutes, and tells nothing twice", async () => {
  const { first, round, advance } = start();
  await first;
  put("checkpoint", log.append(1).checkpoint());
  await round();
  expect(copies().filter((name) => name.startsWith("checkpoints/"))).toHaveLength(1);
  advance(5);
  await round();
  expect(copies()).toContain("checkpoints/00000000000000000301-HASH");
  put("log/00000000000000000256.segz", "next segment");
  await round();
  expect(copies()).toContain("log/00000000000000000256.segz");
  expect(events("audit.Offloaded")).toHaveLength(2);
});

test("after a restart what is there is found there, and nothing is told", async () => {
  await start().first;
  const before = events("audit.Offloaded").length;
  const { offload, first } = start();
  await first;
  expect(offload.status()).toMatchObject({ state: "ok", files: 4 });
  expect(events("audit.Offloaded")).toHaveLength(before);
});

test("a copy that differs is never overwritten, is an alarm, and holds up no other", async () => {
  const path = join(target, origin, segment);
  mkdirSync(join(path, ".."), { recursive: true });
  writeFileSync(path, "closed segmenT");
  const { offload, first, round } = start();
  await first;
  await round();
  expect(readFileSync(path, "utf8")).toBe("closed segmenT");
  expect(copies()).toContain("tile/1/x001/000");
  const status = offload.status();
  expect(status).toMatchObject({ state: "alarm", alarms: [{ kind: "offload.differs" }] });
  expect(status.text).toContain(`${path} is not what the log has under that name.`);
  expect(events("audit.OffloadAlarm")).toHaveLength(1);
});

test("what a crash left half copied is copied anew", async () => {
  const path = join(target, origin, segment);
  mkdirSync(join(path, ".."), { recursive: true });
  writeFileSync(join(path, "..", `.${hash("sha256", "closed segment", "hex")}.part`), "clo");
  await start().first;
  expect(readFileSync(path, "utf8")).toBe("closed segment");
  expect(readdirSync(join(path, ".."))).toEqual([basename(segment)]);
});

test("the same disk is flagged: it protects from nothing", async () => {
  const here = join(directory, "copies");
  mkdirSync(here);
  const { offload, first } = start({ directory: here });
  await first;
  expect(offload.status()).toMatchObject({ state: "warning", files: 4 });
  expect(offload.status().text).toContain("same disk as the log: protects from nothing");
});

test("a directory that is not there is asked for less and less often, is late after an hour", async () => {
  const away = `${target}.away`;
  renameSync(target, away);
  const { offload, first, round, advance, waits } = start();
  await first;
  expect(offload.status()).toMatchObject({ state: "warning" });
  expect(offload.status().text).toContain("make it and mount a file system there");
  for (let i = 0; i < 7; i++) await round();
  expect(waits).toEqual([4000, 8000, 16_000, 32_000, 64_000, 128_000, 256_000, 300_000]);
  advance(60);
  await round();
  await round();
  expect(offload.status()).toMatchObject({ state: "alarm", alarms: [{ kind: "offload.late" }] });
  expect(events("audit.OffloadAlarm")).toHaveLength(1);
  renameSync(away, target);
  await round();
  expect(offload.status()).toMatchObject({ state: "ok", alarms: [] });
});

test("nothing is copied before the log has a key, and no origin leads out of the directory", async () => {
  renameSync(join(directory, "log.json"), join(directory, "log.json.away"));
  const { offload, first, round } = start();
  await first;
  expect(copies()).toEqual([]);
  put("log.json", '{"keys":[],"origin":"../../escape"}');
  await round();
  expect(offload.status().text).toContain("names no origin");
  expect(existsSync(join(target, "../../escape"))).toBe(false);
});

test("a log that cannot record goes on being copied", async () => {
  audit.failure = new Error("the disk is full");
  const { offload, first } = start();
  await first;
  expect(offload.status()).toMatchObject({ state: "ok", files: 4 });
  expect(journal.join()).toContain("what was copied is not on record");
});

const secret = "s3cr3t/Key+Of=TheStore";

/** A fake of a store that misbehaves; the real one is in the integration tier. */
async function fakeBrokenStore(handler: RequestListener): Promise<OffloadConfig> {
  server = createServer(handler).listen(0, "127.0.0.1");
  await once(server, "listening");
  const keys = { accessKeyFile: join(directory, "ak"), secretKeyFile: join(directory, "sk") };
  writeFileSync(keys.accessKeyFile, "AKIDTEST\n", { mode: 0o600 });
  writeFileSync(keys.secretKeyFile, `${secret}\n`, { mode: 0o600 });
  const endpoint = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  return v.parse(offloadSchema, { s3: { endpoint, bucket: "audit-worm", ...keys } });
}

function leaks(offload: Offload): boolean {
  const said = JSON.stringify([offload.status(), audit.entries, journal]);
  return said.includes(secret) || /Signature=|AWS4-HMAC/.test(said);
}

test.each([
  [404, 403, "<Code>SignatureDoesNotMatch</Code>", "the secret key is wrong"],
  [403, 403, "", "access is denied"],
  [404, 404, "<Code>NoSuchBucket</Code>", "there is no such bucket"],
  [404, 400, "<Code>InvalidRequest</Code>", "it takes no lock"],
  [404, 500, "", "answered with status 500"],
])(
  "a store that answers %d, then %d %s is told in a sentence",
  async (head, put, body, sentence) => {
    const config = await fakeBrokenStore((request, response) => {
      const echo = `${request.headers.authorization}${body}`;
      response.writeHead(request.method === "HEAD" ? head : put).end(echo);
    });
    const { offload, first, round } = start(config);
    await first;
    // A busy one is asked three times before the round ends.
    while (offload.status().text.includes("not looked at yet")) await round();
    expect(offload.status()).toMatchObject({ state: "warning" });
    expect(offload.status().text).toContain(sentence);
    expect(leaks(offload)).toBe(false);
  },
);

test("a store that takes the file and does not lock it is not believed", async () => {
  let stored: Record<string, unknown> | undefined;
  const config = await fakeBrokenStore((request, response) => {
    if (request.method === "PUT") {
      stored = request.headers;
      request.resume().on("end", () => response.end());
    } else if (stored === undefined) response.writeHead(404).end();
    else {
      response.writeHead(200, {
        "Content-Length": String(stored["content-length"]),
        "x-amz-meta-sha256": String(stored["x-amz-meta-sha256"]),
      });
      response.end();
    }
  });
  const { offload, first } = start(config);
  await first;
  expect(stored?.["x-amz-object-lock-mode"]).toBe("COMPLIANCE");
  expect(offload.status().text).toContain("not locked; make a bucket with object lock");
  expect(leaks(offload)).toBe(false);
});

test("a key that others can read, or that is none, is refused without being shown", async () => {
  const config = await fakeBrokenStore((_, response) => response.end());
  writeFileSync(join(directory, "sk"), `${secret}\nsecond line`);
  const { offload, first, round } = start(config);
  await first;
  expect(offload.status().text).toContain("does not hold one line with a key");
  removeTree(join(directory, "sk"));
  await round();
  expect(offload.status().text).toContain("cannot be read");
  writeFileSync(join(directory, "sk"), secret, { mode: 0o644 });
  await round();
  expect(offload.status().text).toContain("run chmod 600 on it");
  expect(leaks(offload)).toBe(false);
});

test("the configuration names one target", () => {
  const s3 = { endpoint: "https://s3.example:7480", bucket: "audit", accessKeyFile: "/a" };
  for (const wrong of [
    {},
    { directory: "relative" },
    { directory: "/a", s3 },
    { s3 },
    { s3: { ...s3, secretKeyFile: "/s", endpoint: "https://user:pw@host" } },
    { s3: { ...s3, secretKeyFile: "/s", endpoint: "unix:/a" } },
    { s3: { ...s3, secretKeyFile: "/s", secretKey: "x" } },
  ]) {
    expect(v.safeParse(offloadSchema, wrong).success, JSON.stringify(wrong)).toBe(false);
  }
  expect(v.safeParse(offloadSchema, { s3: { ...s3, secretKeyFile: "/s" } }).success).toBe(true);
});
