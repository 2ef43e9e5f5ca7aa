/**
 * What the index of the audit log takes on the disk, and how long typical queries take over ten
 * million events: against looking through the same events as lines of text with grep.
 */
import { execFileSync } from "node:child_process";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { select } from "../../../agent/audit/index/select.ts";
import { LogIndex } from "../../../agent/audit/index/store.ts";
import { summarize } from "../../../agent/audit/index/summary.ts";
import { type Wanted, wantedOf } from "../../../agent/audit/index/wanted.ts";
import type { LogReader } from "../../../agent/audit/segments/reader.ts";
import { allSteps } from "../../lib/all-steps.ts";
import { atMost, median, type Result } from "../case.ts";
import {
  actors,
  begin,
  dice,
  flows,
  line,
  type Made,
  makeIndex,
  tenants,
} from "../lib/audit-index.ts";

const events = 10_000_000;
/** Lines that grep looks through; its time is scaled to all events. */
const sample = 500_000;
const rounds = 9;
const hour = 3_600_000;
const day = 24 * hour;
const none: ReadonlySet<string> = new Set();

export async function run(): Promise<Result[]> {
  const directory = mkdtempSync(join(tmpdir(), "dsecos-bench-"));
  try {
    const made = makeIndex(directory, events);
    console.log(`${made.cpu.toFixed(2)} µs of CPU for an event, with making it up`);
    const lines = join(directory, "lines");
    const roll = dice();
    const texts = Array.from({ length: sample }, (_, i) => line(i / sample, roll));
    writeFileSync(lines, texts.join(""));
    const plain = Buffer.byteLength(texts.join("")) / sample;
    const grep = grepTime(lines);
    const reader = withoutLog(made);
    const index = new LogIndex(directory, reader, (event, facts) => console.log(event, facts));
    index.refresh();
    const results = [
      atMost("audit-index-size", "bytes/event", made.bytes / events, plain, 20),
      ...queries().map(({ name, wanted }) =>
        atMost(
          name,
          "ms",
          timeOf(() => find(index, wanted)),
          grep,
          50,
        ),
      ),
      atMost(
        "audit-query-summary-30-days",
        "ms",
        timeOf(() => month(index, reader)),
        grep,
        50,
      ),
    ];
    index.close();
    return results;
  } finally {
    rmSync(directory, { recursive: true });
  }
}

function queries(): { name: string; wanted: Wanted }[] {
  const time = (ms: number) => new Date(begin + ms).toISOString();
  const [tenant, actor, flow] = [tenants[7], actors[1234], flows[321]] as [string, string, string];
  return [
    { name: "audit-query-tenant-and-flow-90-days", wanted: wantedOf({ tenant, flow }) },
    {
      name: "audit-query-actor-7-days",
      wanted: wantedOf({ actor, from: time(40 * day), to: time(47 * day) }),
    },
    {
      name: "audit-query-tenant-1-hour",
      wanted: wantedOf({ tenant, from: time(50 * day), to: time(50 * day + hour) }),
    },
  ];
}

function find(index: LogIndex, wanted: Wanted): number {
  let found = 0;
  for (const segment of index.segments()) {
    if (!index.mayHave(segment, wanted.from, wanted.to)) continue;
    const { start, end, rows } = index.use(segment, (one) => select(one, wanted, none));
    found += rows?.length ?? end - start;
  }
  if (found === 0) throw new Error("nothing was found");
  return found;
}

/** By tenant, action, actor, source, outcome and over time. */
function month(index: LogIndex, reader: LogReader): number {
  const from = new Date(begin + 30 * day).toISOString();
  const to = new Date(begin + 60 * day).toISOString();
  const { total, complete } = allSteps(summarize(index, reader, wantedOf({ from, to }), none));
  if (!complete || total === 0) throw new Error("not all was counted");
  return total;
}

/** Median in milliseconds, once the files are in the page cache. */
function timeOf(work: () => number): number {
  work();
  const times: number[] = [];
  for (let round = 0; round < rounds; round++) {
    const began = performance.now();
    work();
    times.push(performance.now() - began);
  }
  return median(times);
}

function grepTime(file: string): number {
  const search = () => {
    const args = ["-c", "-F", ` ${flows[321]}`, file];
    return Number(execFileSync("grep", args, { env: { ...process.env, LC_ALL: "C" } }));
  };
  return (timeOf(search) * events) / sample;
}

/** Stands in for the log, of which a query by the index alone reads nothing. */
function withoutLog({ segments }: Made): LogReader {
  const reader: Pick<LogReader, "refresh" | "segments" | "payloads"> = {
    refresh: () => events,
    segments: () => segments,
    payloads: () => [],
  };
  return reader as LogReader;
}
