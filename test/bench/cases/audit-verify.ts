/**
 * Verifying a log: CPU of chain and tree for an event of 415 bytes in open segments, on one thread,
 * beside what the hashes alone cost that no verifier can leave out; and how much faster two threads
 * are, beside how much faster they compute bare hashes.
 */

import { randomBytes } from "node:crypto";
import { once } from "node:events";
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { Worker } from "node:worker_threads";
import { canonical } from "../../../agent/audit/canonical.ts";
import { FrameBuilder } from "../../../agent/audit/segments/builder.ts";
import {
  encodeSegmentHeader,
  genesis,
  link,
  segmentEvents,
  segmentHashedBytes,
  segmentName,
} from "../../../agent/audit/segments/format.ts";
import { noTrust, verifyLog } from "../../../agent/audit/verify/verify.ts";
import { atMost, median, type Result } from "../case.ts";
import { eventBytes, hashesAlone } from "../lib/bare-hashes.ts";
import { bundleProgram } from "../lib/bed.ts";

const root = resolve(import.meta.dirname, "../../..");
/** So many that starting threads counts for little, as in a log of some days. */
const segments = 12;
const events = segments * segmentEvents;
const rounds = 3;

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

async function verify(directory: string, workers: number): Promise<void> {
  const file = join(root, "dist/agent/dsecos.js");
  const { findings, events: found } = await verifyLog(directory, {
    trust: noTrust,
    workers: workers < 2 ? undefined : { file, count: workers },
  });
  const errors = findings.filter(({ severity }) => severity === "E");
  if (errors.length > 0 || found.end !== events) throw new Error(JSON.stringify(errors));
}

/** How much sooner two threads have computed bare hashes than one: what the machine gives. */
async function scaling(threads: readonly Worker[]): Promise<number> {
  const share = (thread: Worker) => {
    const done = once(thread, "message");
    thread.postMessage(segmentEvents);
    return done;
  };
  const alone = performance.now();
  for (const thread of threads) await share(thread);
  const together = performance.now();
  await Promise.all(threads.map(share));
  return (together - alone) / (performance.now() - together);
}

export async function run(): Promise<Result[]> {
  const directory = mkdtempSync(join(tmpdir(), "dsecos-bench-verify-"));
  const program = await bundleProgram("bare-hashes", directory);
  const threads = [new Worker(program), new Worker(program)];
  try {
    writeLog(directory);
    await verify(directory, 1);
    await scaling(threads);
    const rates = { ours: [], floor: [], faster: [], machine: [] } as Record<string, number[]>;
    for (let round = 0; round < rounds; round++) {
      rates.floor?.push((await cpuOf(() => hashesAlone(segmentEvents))) / segmentEvents);
      rates.machine?.push(await scaling(threads));
      const began = performance.now();
      rates.ours?.push((await cpuOf(() => verify(directory, 1))) / events);
      const again = performance.now();
      await verify(directory, 2);
      rates.faster?.push((again - began) / (performance.now() - again));
    }
    const of = (name: string) => median(rates[name] ?? []);
    const one = "verify chain and tree, one thread";
    return [
      atMost(one, "us CPU per event", of("ours"), of("floor"), 4.5),
      {
        ...atMost("verify with two threads", "times faster", of("faster"), of("machine"), 0),
        goal: "at least 1.7 times faster on an idle machine",
        holds: of("faster") >= 1.7,
      },
    ];
  } finally {
    await Promise.all(threads.map((thread) => thread.terminate()));
    rmSync(directory, { recursive: true, force: true });
  }
}
