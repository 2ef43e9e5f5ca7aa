/**
 * What an event costs on the disk once its segment is closed and indexed, and what it costs in CPU
 * all told, against journald with sealing, which gets the same bytes over its stream socket.
 */
import { execFile } from "node:child_process";
import { mkdtempSync, readdirSync, statSync, writeFileSync } from "node:fs";
import { join, resolve } from "node:path";
import { promisify } from "node:util";
import { encodeEvent } from "../../../agent/audit/event.ts";
import { LogIndex } from "../../../agent/audit/index/store.ts";
import { closeSegment } from "../../../agent/audit/segments/close.ts";
import { LogReader } from "../../../agent/audit/segments/reader.ts";
import { SegmentWriter } from "../../../agent/audit/segments/writer.ts";
import { removeTree } from "../../lib/remove-tree.js";
import { atMost, type Result, ratioAtMost } from "../case.ts";
import { auditEvents } from "../lib/audit-events.ts";

const execute = promisify(execFile);
const events = 65_536;

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
  cpu: number;
}

/** From the event to the closed and indexed segment, each event on the disk in batches of 512. */
function writeOurs(directory: string): Cost & { payload: number } {
  const all = [...auditEvents(events)];
  const began = process.cpuUsage();
  let payload = 0;
  const writer = new SegmentWriter(directory);
  writer.open();
  for (let at = 0; at < events; at += 512) {
    const some = all
      .slice(at, at + 512)
      .map((event) => encodeEvent(event, "node1.gov.example").payload);
    for (const { length } of some) payload += length;
    writer.appendBatch(some);
  }
  // The next event begins the next segment.
  const [last] = all;
  if (last !== undefined) writer.appendBatch([encodeEvent(last, "node1.gov.example").payload]);
  closeSegment(directory, 0);
  const reader = new LogReader(directory);
  const index = new LogIndex(directory, reader, () => {});
  index.refresh(reader.refresh());
  while (index.catchUp());
  const { user, system } = process.cpuUsage(began);
  reader.close();
  writer.close();
  const open = statSync(join(directory, "log", "00000000000000065536.seg")).size;
  const bytes = (sizeOf(directory) - open) / events;
  return { bytes, cpu: (user + system) / events, payload: payload / events };
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
  const text = [...auditEvents(events)]
    .map((event) => `${encodeEvent(event, "node1.gov.example").payload.toString("utf8")}\n`)
    .join("");
  writeFileSync(lines, text);
  const feed = resolve(import.meta.dirname, "../programs/feed-socket.js");
  const args = ["--mount", "bash", program, directory, lines, process.execPath, feed];
  const { stdout } = await execute("unshare", args, { timeout: 120_000, maxBuffer: 1024 * 1024 });
  const [ticks = 0, bytes = 0] = stdout.trim().split(" ").map(Number);
  return { bytes: bytes / events, cpu: (ticks * 1e4) / events };
}
