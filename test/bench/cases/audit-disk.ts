/**
 * What an event costs on the disk once its segment is closed and indexed, and what it costs in CPU
 * to bring it there, against journald with sealing, which gets the same bytes over its stream
 * socket. What closing costs later, which journald does not do, is printed beside it.
 */
import { execFile } from "node:child_process";
import { mkdtempSync, readdirSync, statSync, writeFileSync } from "node:fs";
import { join, resolve } from "node:path";
import { promisify } from "node:util";
import { LogIndex } from "../../../agent/audit/index/store.ts";
import { closeSegment } from "../../../agent/audit/segments/close.ts";
import { LogReader } from "../../../agent/audit/segments/reader.ts";
import { SegmentWriter } from "../../../agent/audit/segments/writer.ts";
import { removeTree } from "../../lib/remove-tree.js";
import { atMost, type Result, ratioAtMost } from "../case.ts";
import { auditPayloads } from "../lib/audit-events.ts";

const execute = promisify(execFile);
const events = 65_536;
const newline = Buffer.from("\n");

export async function run(): Promise<Result[]> {
  const directory = mkdtempSync("/var/tmp/dsecos-bench-");
  try {
    const ours = writeOurs(join(directory, "log"));
    const journald = await writeJournald(directory);
    return [
      atMost("audit-disk", "bytes an event", ours.bytes, ours.payload, 100),
      ratioAtMost("audit-journald-bytes", "bytes an event", ours.bytes, journald.bytes, 1 / 6),
      ratioAtMost("audit-journald-cpu", "us of CPU an event", ours.cpu, journald.cpu, 1 / 1.5),
    ];
  } finally {
    await removeTree(directory);
  }
}

interface Cost {
  bytes: number;
  /** Microseconds an event, from its bytes to the disk. */
  cpu: number;
}

/** Each event on the disk in batches of 512; then its segment is closed and indexed. */
function writeOurs(directory: string): Cost & { payload: number } {
  const payloads = auditPayloads(events);
  const writer = new SegmentWriter(directory);
  writer.open();
  const began = process.cpuUsage();
  for (let at = 0; at < events; at += 512) writer.appendBatch(payloads.slice(at, at + 512));
  const cpu = spent(began);
  // The next event begins the next segment.
  writer.appendBatch(payloads.slice(0, 1));
  const later = process.cpuUsage();
  closeSegment(directory, 0);
  const reader = new LogReader(directory);
  const index = new LogIndex(directory, reader, () => {});
  index.refresh(reader.refresh());
  while (index.catchUp());
  console.log(`closing and index, later and apart: ${spent(later).toFixed(1)} us of CPU an event`);
  reader.close();
  writer.close();
  const open = statSync(join(directory, "log", "00000000000000065536.seg")).size;
  const bytes = (sizeOf(directory) - open) / events;
  const payload = payloads.reduce((sum, { length }) => sum + length, 0) / events;
  return { bytes, cpu, payload };
}

function spent(began: NodeJS.CpuUsage): number {
  const { user, system } = process.cpuUsage(began);
  return (user + system) / events;
}

function sizeOf(directory: string): number {
  return readdirSync(directory, { recursive: true, withFileTypes: true })
    .filter((file) => file.isFile())
    .reduce((sum, file) => sum + statSync(join(file.parentPath, file.name)).size, 0);
}

/** A journald of its own, in a mount namespace of its own. */
async function writeJournald(directory: string): Promise<Cost> {
  const program = resolve(import.meta.dirname, "../programs/sealed-journal.sh");
  const lines = join(directory, "lines");
  writeFileSync(lines, Buffer.concat(auditPayloads(events).flatMap((one) => [one, newline])));
  const feed = resolve(import.meta.dirname, "../programs/feed-socket.js");
  const args = ["--mount", "bash", program, directory, lines, process.execPath, feed];
  const { stdout } = await execute("unshare", args, { timeout: 120_000, maxBuffer: 1024 * 1024 });
  const [ticks = 0, bytes = 0] = stdout.trim().split(" ").map(Number);
  return { bytes: bytes / events, cpu: (ticks * 1e4) / events };
}
