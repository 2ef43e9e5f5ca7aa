import { beforeEach, expect, test } from "vitest";
import type { Call } from "../../agent/bus/call.ts";
import { DsecosError } from "../../agent/bus/errors.ts";
import type { JobRecord } from "../../agent/jobs/contract.ts";
import { JobList } from "../../agent/jobs/service.ts";
import { RecordingAudit } from "../lib/recording-audit.ts";

const request = { kind: "instances.Create", title: "Create 3", actor: "alice", uid: 1000 };
const call = { caller: { user: "alice", uid: 1000 } } as Call;
let audit: RecordingAudit;
let told: JobRecord[];
let jobs: JobList;

beforeEach(() => {
  audit = new RecordingAudit();
  told = [];
  jobs = new JobList({ audit, log: () => {}, changed: (job) => told.push(structuredClone(job)) });
});

async function ended(id: string): Promise<JobRecord> {
  while (jobs.get(id)?.state === "running") await new Promise(setImmediate);
  const record = jobs.get(id);
  if (record === undefined) throw new Error("no job");
  return record;
}

test("a job tells its progress and its end, and the end is on record first", async () => {
  const id = jobs.start(request, async (progress) => {
    progress.total(2);
    progress.finished("a");
    progress.finished("b");
  });
  expect(await ended(id)).toMatchObject({ state: "succeeded", done: 2, total: 2 });
  await new Promise(setImmediate);
  expect(told.at(-1)).toMatchObject({ state: "succeeded" });
  expect(audit.entries).toMatchObject([
    { action: "instances.Create", outcome: "success", actor: "alice", call: id },
  ]);
});

test("an object that failed fails the job, the others stay done", async () => {
  const id = jobs.start(request, async (progress) => {
    progress.finished("a");
    progress.finished("b", "no room");
  });
  expect(await ended(id)).toMatchObject({ state: "failed", error: "1 of 2 failed." });
});

test("what is thrown is told as a sentence, never as a stack", async () => {
  const bad = jobs.start(request, async () => {
    throw new TypeError("x is not a function");
  });
  expect((await ended(bad)).error).toMatch(/internal error .* journal .* under/);
  const known = jobs.start(request, async () => {
    throw new DsecosError("QuotaExceeded", "No room; raise the quota.");
  });
  expect((await ended(known)).error).toBe("No room; raise the quota.");
});

test("a cancelled job stops after its step", async () => {
  const id = jobs.start(request, async (progress) => {
    for (let i = 0; !progress.signal.aborted; i++) {
      progress.finished(`i${i}`);
      await new Promise(setImmediate);
    }
  });
  await jobs.objectHandlers.Cancel(call, id);
  expect(await ended(id)).toMatchObject({ state: "cancelled" });
  await expect(jobs.objectHandlers.Cancel(call, id)).rejects.toMatchObject({ code: "Conflict" });
});

test("ended jobs are found again after a restart", async () => {
  const id = jobs.start(request, async (progress) => progress.finished("a"));
  await ended(id);
  await new Promise(setImmediate);
  const next = new JobList({ audit, log: () => {} });
  next.restore(audit.entries);
  expect(await next.objectHandlers.Show(call, id)).toMatchObject({ state: "succeeded", done: 1 });
});

test("an interrupted job goes on under its id", async () => {
  const id = jobs.start({ ...request, id: "00112233445566ff" }, async () => {});
  expect(id).toBe("00112233445566ff");
});

test("pages follow each other", async () => {
  for (let i = 0; i < 5; i++) await ended(jobs.start(request, async () => {}));
  const first = await jobs.handlers.List(call, { cursor: "", limit: 3 });
  const second = await jobs.handlers.List(call, { cursor: first.next, limit: 3 });
  expect(first.rows).toHaveLength(3);
  expect(second.rows).toHaveLength(2);
  const ids = [...first.rows, ...second.rows].map((job) => job.id);
  expect(new Set(ids).size).toBe(5);
});
