/** Follows a job until it ends. */
import { setTimeout as sleep } from "node:timers/promises";
import type { AgentClient } from "../bus/client.ts";
import { type JobRecord, job } from "../jobs/contract.ts";
import type { Terminal } from "./terminal.ts";
import { oneLine } from "./text.ts";

const pollMs = 300;

export async function followJob(
  client: AgentClient,
  id: string,
  terminal: Terminal,
): Promise<JobRecord> {
  try {
    for (;;) {
      const record = await client.call(job, "Show", [], { object: id });
      if (record.state !== "running") return record;
      terminal.progress(progressLine(record));
      await sleep(pollMs);
    }
  } finally {
    terminal.progress("");
  }
}

const barWidth = 20;

export function progressLine(record: JobRecord): string {
  const { done, total, step, title } = record;
  const filled = total > 0 ? Math.round((Math.min(done, total) / total) * barWidth) : 0;
  const bar = total > 0 ? `[${"#".repeat(filled).padEnd(barWidth)}] ${done}/${total} ` : "";
  return `${bar}${oneLine(step === "" ? title : step)}`;
}

/** Kinds whose results people want to see when all went well: a file, or what was checked. */
const told: ReadonlySet<string> = new Set(["audit.Export", "audit.Verify"]);

/** One line for what was done and one for each object that failed. */
export function jobSummary(record: JobRecord): string[] {
  const failed = record.results.filter(({ error }) => error !== undefined);
  const done = told.has(record.kind)
    ? record.results.filter(({ error }) => error === undefined)
    : [];
  const counts = record.total > 1 ? ` (${record.done} of ${record.total})` : "";
  const reason = record.error === undefined ? "" : `: ${oneLine(record.error)}`;
  return [
    `${oneLine(record.title)}: ${record.state}${counts}${reason}`,
    ...done.map(
      ({ object }) => `  ${oneLine(object)}${record.kind === "audit.Verify" ? ": ok" : ""}`,
    ),
    ...failed.map(({ object, error }) => `  ${oneLine(object)}: ${oneLine(error ?? "")}`),
  ];
}
