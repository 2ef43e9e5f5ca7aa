/**
 * From an event to the witness and the copies: the log with its threads, its seals, the witness's
 * own program, and a directory on another file system.
 */
import { type ChildProcess, spawn } from "node:child_process";
import { cpSync, mkdtempSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { createInterface } from "node:readline";
import { pathToFileURL } from "node:url";
import * as v from "valibot";
import { afterEach, beforeEach, expect, test } from "vitest";
import { AuditLog } from "../../agent/audit/log.ts";
import { createOutward, type Outward } from "../../agent/audit/outward.ts";
import { ReaderClient } from "../../agent/audit/queries/client.ts";
import { createSealer } from "../../agent/audit/seal/service.ts";
import type { Sealer } from "../../agent/audit/seal/types.ts";
import { cosignaturesOf } from "../../agent/audit/tlog/cosignature.ts";
import { parseNote, parseVerifierKey } from "../../agent/audit/tlog/note.ts";
import { configSchema } from "../../agent/config.ts";
import { removeTree } from "../lib/remove-tree.js";
import { until } from "./incus-lib.ts";

const dist = (name: string) =>
  pathToFileURL(resolve(import.meta.dirname, "../../dist/agent", name));

let directory: string;
let copies: string;
let child: ChildProcess | undefined;
let node: Awaited<ReturnType<typeof startNode>> | undefined;
const journal: string[] = [];
const log = (level: string, message: string, facts?: unknown) => {
  if (level !== "info") journal.push(`${level}: ${message} ${JSON.stringify(facts)}`);
};

beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), "dsecos-outward-"));
  copies = mkdtempSync("/dev/shm/dsecos-outward-");
  writeFileSync(join(directory, "logs"), "");
});

afterEach(async () => {
  await node?.stop();
  node = undefined;
  child?.kill("SIGKILL");
  removeTree(directory);
  removeTree(copies);
});

/** @returns the witness's verifier key */
async function startWitness(): Promise<string> {
  const program = resolve(import.meta.dirname, "../../dist/agent/dsecos-witness.js");
  const state = join(directory, "witness");
  child = spawn(
    process.execPath,
    [
      ...[program, "--listen", `unix:${join(directory, "w.sock")}`, "--state", state],
      ...["--logs", join(directory, "logs"), "--name", "witness.example"],
    ],
    { stdio: ["ignore", "ignore", "pipe"] },
  );
  if (child.stderr === null) throw new Error("no standard error");
  for await (const line of createInterface({ input: child.stderr })) {
    if (line.includes('"ready"')) break;
  }
  return readFileSync(join(state, "witness.vkey"), "utf8").trim();
}

async function startNode(key: string, auditDirectory = join(directory, "audit")) {
  const config = v.parse(configSchema, {
    auditDirectory,
    incusSocket: join(directory, "no-incus"),
    witnesses: [{ url: `unix:${join(directory, "w.sock")}`, key }],
    offload: { directory: copies },
  });
  const audit = new AuditLog(auditDirectory, "test", log, { program: dist("audit-writer.js") });
  await audit.open();
  const tpm = join(directory, "no-tpm");
  const sealer: Sealer = createSealer({
    log: audit,
    directory: auditDirectory,
    node: "test",
    tpm,
    journal: log,
  });
  const size = () => audit.size;
  const program = dist("audit-reader.js");
  const reader = new ReaderClient({ directory: auditDirectory, reads: [], size, log, program });
  const outward: Outward = createOutward({ config, sealer, proofs: reader, audit, log });
  await outward.start();
  await sealer.start();
  return {
    audit,
    sealer,
    outward,
    async record(count: number) {
      const event = { action: "test.Event", outcome: "note", actor: "test", uid: 0 } as const;
      await Promise.all(Array.from({ length: count }, () => audit.append(event)));
    },
    async stop() {
      await outward.stop();
      await reader.close();
      await sealer.stop();
      await audit.close();
    },
  };
}

/** The operator of the witness is given the log's key. */
function introduce(): void {
  const text = readFileSync(join(directory, "audit/log.json"), "utf8");
  const { keys } = JSON.parse(text) as { keys: { vkey: string }[] };
  writeFileSync(join(directory, "logs"), keys.map(({ vkey }) => `${vkey}\n`).join(""));
}

const witnessed = () => node?.outward.witnesses.status()[0];

test("checkpoints are cosigned as the log grows, and a log that was set back is found out", async () => {
  const key = await startWitness();
  node = await startNode(key);
  await node.record(600);
  await until(() => witnessed()?.text.includes("does not know this log") === true, 30);
  introduce();
  await until(() => witnessed()?.state === "ok", 30);
  await node.record(400);
  await until(() => (witnessed()?.size ?? 0) >= 1000, 30);
  const checkpoint = parseNote(readFileSync(join(directory, "audit/checkpoint"), "utf8"));
  expect(cosignaturesOf(checkpoint, parseVerifierKey(key)).times).toHaveLength(1);
  await until(() => node?.outward.offload?.status().state === "ok", 30);
  const there = readdirSync(copies, { recursive: true, encoding: "utf8" });
  expect(there.some((name) => name.includes("checkpoints/"))).toBe(true);
  await node.stop();

  // Somebody with root puts a new log with the same key in the place of the old one.
  const forged = join(directory, "forged");
  cpSync(join(directory, "audit/key"), join(forged, "key"), { recursive: true });
  cpSync(join(directory, "audit/log.json"), join(forged, "log.json"));
  node = await startNode(key, forged);
  await node.record(50);
  await until(() => witnessed()?.state === "alarm", 60);
  expect(witnessed()?.alarms[0]?.kind).toBe("witness.ahead");
  await node.record(1500);
  await until(() => witnessed()?.alarms[0]?.kind === "witness.fork", 60);
}, 180_000);
