/**
 * Verifying a log: CPU of chain and tree for an event of 415 bytes in open segments, on one thread,
 * beside what the hashes alone cost that no verifier can leave out; and how much faster two threads
 * are.
 */
import { hash, randomBytes } from "node:crypto";
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { availableParallelism, tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { canonical } from "../../../agent/audit/canonical.ts";
import { FrameBuilder } from "../../../agent/audit/segments/builder.ts";
import {
  chainBytes,
  encodeSegmentHeader,
  genesis,
  link,
  segmentEvents,
  segmentHashedBytes,
  segmentName,
} from "../../../agent/audit/segments/format.ts";
import { noTrust, verifyLog } from "../../../agent/audit/verify/verify.ts";
import { atMost, median, type Result } from "../case.ts";

const root = resolve(import.meta.dirname, "../../..");
const eventBytes = 415;
const segments = 4;
const events = segments * segmentEvents;
const rounds = 5;

/** @returns the index behind the last event. */
function writeLog(directory: string): void {
  mkdirSync(join(directory, "log"), { recursive: true });
  let chain: Buffer = genesis;
  for (let s = 0; s < segments; s++) {
    const first = s * segmentEvents;
    const saltKey = randomBytes(32);
    const header = encodeSegmentHeader({ first, openedAt: 1n, saltKey, before: chain });
    const after = link(header.subarray(0, segmentHashedBytes), chain);
    const builder = new FrameBuilder({
      next: first,
      chain: after,
      saltKey,
      leaves: Buffer.alloc(0),
    });
    const parts: Buffer[] = [header];
    for (let i = 0; i < segmentEvents; i += 256) {
      const payloads = Array.from({ length: 256 }, (_, k) => payload(first + i + k));
      for (let done = 0; done < payloads.length; ) {
        done += builder.add(payloads, done, BigInt(first + i + done));
      }
      parts.push(Buffer.from(builder.take().bytes));
    }
    chain = builder.chain;
    writeFileSync(join(directory, "log", `${segmentName(first)}.seg`), Buffer.concat(parts));
  }
}

function payload(index: number): Buffer {
  const event = {
    action: "instances.Start",
    actor: `user${index % 20_000}`,
    details: { text: "" },
    label: "system_u:system_r:dsecos_t:s0",
    loginuid: 1000 + (index % 500),
    node: "node1",
    object: `vm-${index % 1000}`,
    outcome: "success",
    pid: 1000 + (index % 30_000),
    source: "agent",
    tenant: `agency-${index % 40}`,
    time: new Date(1_700_000_000_000 + index * 10).toISOString(),
    uid: 1000 + (index % 500),
  };
  event.details.text = "x".repeat(eventBytes - canonical(event).length);
  return Buffer.from(canonical(event));
}

const cpuOf = async (what: () => Promise<unknown> | unknown): Promise<number> => {
  const before = process.cpuUsage();
  await what();
  const { user, system } = process.cpuUsage(before);
  return user + system;
};

/** One SHA3-512 and one SHA-256 for each event, and one SHA-256 for each inner node of the tree. */
function hashesAlone(): void {
  const entry = Buffer.alloc(eventBytes + 16 + chainBytes);
  const leaf = Buffer.alloc(1 + entry.length);
  const node = Buffer.alloc(65);
  for (let i = 0; i < segmentEvents; i++) {
    hash("sha3-512", entry, "binary");
    hash("sha256", leaf, "binary");
    hash("sha256", node, "binary");
  }
}

async function verify(directory: string, workers: number): Promise<void> {
  const file = join(root, "dist/agent/dsecos.js");
  const { findings, events: found } = await verifyLog(directory, {
    trust: noTrust,
    workers: workers < 2 ? undefined : { file, count: workers },
  });
  const errors = findings.filter(({ severity }) => severity === "E");
  if (errors.length > 0 || found.end !== events) throw new Error(JSON.stringify(errors));
}

export async function run(): Promise<Result[]> {
  const directory = mkdtempSync(join(tmpdir(), "dsecos-bench-verify-"));
  try {
    writeLog(directory);
    await verify(directory, 1);
    const [ours, floor, one, two]: number[][] = [[], [], [], []];
    for (let round = 0; round < rounds; round++) {
      floor?.push((await cpuOf(hashesAlone)) / segmentEvents);
      const began = performance.now();
      ours?.push((await cpuOf(() => verify(directory, 1))) / events);
      one?.push(performance.now() - began);
      const again = performance.now();
      await verify(directory, 2);
      two?.push(performance.now() - again);
    }
    const cpu = median(ours ?? []);
    const hashes = median(floor ?? []);
    const results = [
      atMost("verify chain and tree, one thread", "us CPU per event", cpu, hashes, 4.5),
    ];
    const [alone, together] = [median(one ?? []), median(two ?? [])];
    const share = availableParallelism() >= 2 ? together / alone : Number.NaN;
    results.push({
      name: "verify with two threads",
      unit: "ms",
      ours: Math.round(together),
      reference: Math.round(alone),
      ratio: Number(share.toPrecision(4)),
      goal: "ratio at most 0.588 (1.7 times faster) on an idle machine",
      holds: share <= 1 / 1.7,
    });
    return results;
  } finally {
    rmSync(directory, { recursive: true, force: true });
  }
}
