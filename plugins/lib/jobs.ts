/** Jobs of this node: found again after a reload from the agent, then live by its signals. */
import { useSyncExternalStore } from "react";
import { type JobRecord, job, jobs } from "../../agent/jobs/contract.ts";
import { client, listen } from "./client.ts";
import { onConnection } from "./connection.ts";
import { type PageError, toPageError } from "./errors.ts";

const records = new Map<string, JobRecord>();
/** Those that this page saw running: shown until dismissed, however they end. */
const watched = new Set<string>();
const listeners = new Set<() => void>();
let started = false;

/** How long a job that succeeded is still shown. */
const lingerMs = 15_000;

interface Shown {
  records: readonly JobRecord[];
  /** Why they could not be asked for; undefined when they could. */
  error: PageError | undefined;
}

let shown: Shown = { records: [], error: undefined };

function publish(error?: PageError): void {
  const sorted = [...records.values()]
    .filter(({ id }) => watched.has(id))
    .sort((one, other) => other.startedAt.localeCompare(one.startedAt));
  shown = { records: sorted, error };
  for (const listener of listeners) listener();
}

function take(record: JobRecord): void {
  const before = records.get(record.id);
  // A signal can overtake a reply: what has ended does not run again.
  if (before && before.state !== "running" && record.state === "running") return;
  records.set(record.id, record);
  if (record.state === "running") watched.add(record.id);
  // What went well needs no dismissing; what did not, stays.
  else if (record.state === "succeeded") setTimeout(() => dismissJob(record.id), lingerMs);
}

async function load(): Promise<void> {
  try {
    const running = await client(jobs).List({ state: "running", cursor: "", limit: 100 });
    for (const record of running.rows) take(record);
    // What was running when the connection broke may have ended without a signal.
    const lost = [...records.values()].filter(
      ({ id, state }) => state === "running" && !running.rows.some((row) => row.id === id),
    );
    for (const { id } of lost) take(await client(job, id).Show());
    publish();
  } catch (cause) {
    publish(toPageError(cause));
  }
}

function start(): void {
  started = true;
  listen(job, "Changed", (record) => {
    take(record);
    publish();
  });
  onConnection((state) => {
    if (state === "open") void load();
  });
  void load();
}

/** Shows a job that was just begun, even when it is over before its first signal. */
export async function watchJob(id: string): Promise<void> {
  watched.add(id);
  const known = records.get(id);
  if (known && known.state !== "running") return;
  take(await client(job, id).Show());
  publish();
}

export function dismissJob(id: string): void {
  watched.delete(id);
  publish();
}

function subscribe(listener: () => void): () => void {
  if (!started) start();
  listeners.add(listener);
  return () => listeners.delete(listener);
}

export function useJobs(): Shown {
  return useSyncExternalStore(subscribe, () => shown);
}
