/**
 * Durable events of one and of eight writers through the agent's own log, against lines of JSON of
 * the same events by plain appends with fdatasync, rounds of both taking turns; and the CPU of
 * events in bulk, against their bare hashes.
 */
import { mkdtempSync, rmSync } from "node:fs";
import { type FileHandle, open } from "node:fs/promises";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import { AuditLog } from "../../../agent/audit/log.ts";
import { SegmentWriter } from "../../../agent/audit/segments/writer.ts";
import { auditWriter } from "../../lib/audit-writer.ts";
import { removeTree } from "../../lib/remove-tree.js";
import { atMost, median, type Result, ratioAtLeast } from "../case.ts";
import { auditEvents, auditPayloads } from "../lib/audit-events.ts";
import { hashesAlone } from "../lib/bare-hashes.ts";

const rounds = 7;
const roundMs = 700;
const bulk = 65_536;

export async function run(): Promise<Result[]> {
  // On a disk: what is in memory has no fdatasync.
  const directory = mkdtempSync("/var/tmp/dsecos-bench-");
  try {
    return [
      await writers(directory, 1, 0.85),
      await writers(directory, 8, 0.95),
      await inBulk(directory),
    ];
  } finally {
    await removeTree(directory);
  }
}

async function writers(directory: string, count: number, least: number): Promise<Result> {
  const program = pathToFileURL(auditWriter());
  const log = new AuditLog(join(directory, `log${count}`), "node1.gov.example", () => {}, {
    program,
  });
  await log.open();
  const plain = await open(join(directory, `plain${count}`), "a");
  const events = [...auditEvents(1_000)];
  const ours: number[] = [];
  const theirs: number[] = [];
  const append = (i: number) => log.append(events[i % 1_000] as (typeof events)[0]);
  await rate(count, append);
  for (let round = 0; round < rounds; round++) {
    ours.push(await rate(count, append));
    const group = new PlainLog(plain);
    theirs.push(await rate(count, (i) => group.append(line(events[i % 1_000]))));
  }
  await plain.close();
  await log.close();
  const name = count === 1 ? "audit-append" : `audit-append-${count}`;
  return ratioAtLeast(name, "events/s", median(ours), median(theirs), least);
}

/** @returns events a second of so many writers, each with one event on its way. */
async function rate(writers: number, append: (i: number) => Promise<unknown>): Promise<number> {
  const began = performance.now();
  let done = 0;
  const one = async () => {
    while (performance.now() - began < roundMs) {
      await append(done);
      done += 1;
    }
  };
  await Promise.all(Array.from({ length: writers }, one));
  return (done / (performance.now() - began)) * 1000;
}

/** The event as a program would write it that has nothing to prove. */
function line(event: unknown): Buffer {
  const time = new Date().toISOString();
  return Buffer.from(`${JSON.stringify({ time, node: "node1.gov.example", event })}\n`);
}

/** Lines appended as they are; who waits at the same time shares one fdatasync. */
class PlainLog {
  readonly #file: FileHandle;
  #waiting: { line: Buffer; resolve: () => void }[] = [];
  #busy = false;

  constructor(file: FileHandle) {
    this.#file = file;
  }

  append(line: Buffer): Promise<void> {
    return new Promise((resolve) => {
      this.#waiting.push({ line, resolve });
      if (!this.#busy) void this.#flush();
    });
  }

  async #flush(): Promise<void> {
    this.#busy = true;
    // As group commit does: whoever comes in this turn goes along.
    await Promise.resolve();
    while (this.#waiting.length > 0) {
      const batch = this.#waiting;
      this.#waiting = [];
      await this.#file.appendFile(Buffer.concat(batch.map(({ line }) => line)));
      await this.#file.datasync();
      for (const { resolve } of batch) resolve();
    }
    this.#busy = false;
  }
}

/** CPU of chain, tree and writing, against that of the hashes alone. */
async function inBulk(directory: string): Promise<Result> {
  const payloads = auditPayloads(bulk);
  const bytes = payloads.reduce((sum, { length }) => sum + length, 0) / bulk;
  console.log(`events of ${bytes.toFixed(0)} bytes`);
  const ours: number[] = [];
  const theirs: number[] = [];
  for (let round = 0; round < 5; round++) {
    const place = join(directory, `bulk${round}`);
    const writer = new SegmentWriter(place);
    writer.open();
    ours.push(
      cpu(() => {
        for (let at = 0; at < bulk; at += 512) writer.appendBatch(payloads.slice(at, at + 512));
      }),
    );
    writer.close();
    rmSync(place, { recursive: true });
    theirs.push(cpu(() => hashesAlone(bulk)));
  }
  return atMost("audit-bulk", "us of CPU an event", median(ours), median(theirs), 6.5);
}

/** @returns microseconds of this process an event. */
function cpu(work: () => void): number {
  const began = process.cpuUsage();
  work();
  const { user, system } = process.cpuUsage(began);
  return (user + system) / bulk;
}
