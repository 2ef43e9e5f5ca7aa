/**
 * Jobs of this node. Running ones live in memory; each subsystem that must go on after a restart
 * keeps what it began in its engine and starts the job again under its id. Ended ones are read
 * back from the audit log.
 */
import { randomBytes } from "node:crypto";
import type { AuditEntry } from "../audit/contract.ts";
import type { AuditEvent, AuditWriter } from "../audit/types.ts";
import type { Call } from "../bus/call.ts";
import type { Handlers } from "../bus/contract.ts";
import { DsecosError } from "../bus/errors.ts";
import { explain, type Log } from "../log.ts";
import type { JobRecord, job, jobs } from "./contract.ts";
import type { JobProgress, JobRequest, Jobs } from "./types.ts";

/** Ended jobs that are still shown. */
const mostKept = 500;
/** People see progress at most this often, in milliseconds; the last state is always told. */
const pace = 200;
/** Results that go on record; the rest is counted. */
const mostRecorded = 100;

interface Running {
  record: JobRecord;
  abort: AbortController;
  timer?: NodeJS.Timeout;
}

export interface JobsOptions {
  audit: AuditWriter;
  log: Log;
  changed?: (record: JobRecord) => void;
}

export class JobList implements Jobs {
  readonly handlers: Handlers<typeof jobs, Call>;
  readonly objectHandlers: Handlers<typeof job, Call>;
  readonly #options: JobsOptions;
  readonly #jobs = new Map<string, Running>();

  constructor(options: JobsOptions) {
    this.#options = options;
    this.handlers = { List: async (_call, filter) => this.#list(filter) };
    this.objectHandlers = {
      Show: async (_call, id) => this.#need(id).record,
      Cancel: async (call, id) => this.#cancel(call, id),
    };
  }

  /** Takes up ended jobs as the audit log tells them, oldest entry first. */
  restore(entries: readonly AuditEntry[]): void {
    for (const entry of entries) {
      const record = entry.details?.job as JobRecord | undefined;
      if (record?.id === undefined || record.state === "running") continue;
      this.#jobs.set(record.id, { record, abort: new AbortController() });
    }
    this.#trim();
  }

  ids(): string[] {
    return [...this.#jobs.keys()];
  }

  get(id: string): JobRecord | undefined {
    return this.#jobs.get(id)?.record;
  }

  start(request: JobRequest, work: (progress: JobProgress) => Promise<void>): string {
    const id = request.id ?? randomBytes(8).toString("hex");
    if (this.#jobs.get(id)?.record.state === "running") return id;
    const running: Running = {
      record: {
        id,
        kind: request.kind,
        title: request.title,
        ...(request.tenant === undefined ? {} : { tenant: request.tenant }),
        actor: request.actor,
        state: "running",
        done: 0,
        total: 0,
        step: "",
        startedAt: new Date().toISOString(),
        results: [],
        cancellable: request.cancellable ?? true,
      },
      abort: new AbortController(),
    };
    this.#jobs.set(id, running);
    this.#trim();
    this.#run(running, request, work).catch((error) => {
      this.#options.log("error", "a job could not be ended", { id, error: explain(error) });
    });
    return id;
  }

  async #run(
    running: Running,
    request: JobRequest,
    work: (progress: JobProgress) => Promise<void>,
  ): Promise<void> {
    const { record, abort } = running;
    this.#tell(running);
    try {
      await work(this.#progress(running));
      const failed = record.results.filter(({ error }) => error !== undefined).length;
      record.state = abort.signal.aborted ? "cancelled" : failed > 0 ? "failed" : "succeeded";
      if (failed > 0) record.error = `${failed} of ${record.results.length} failed.`;
    } catch (error) {
      record.state = abort.signal.aborted ? "cancelled" : "failed";
      record.error = this.#sentence(record.id, error);
    }
    record.step = "";
    record.cancellable = false;
    record.endedAt = new Date().toISOString();
    try {
      await this.#options.audit.append(outcomeOf(record, request));
    } finally {
      this.#tell(running, true);
    }
  }

  #progress(running: Running): JobProgress {
    const { record, abort } = running;
    return {
      id: record.id,
      signal: abort.signal,
      total: (steps) => {
        record.total = steps;
        this.#tell(running);
      },
      reached: (steps) => {
        record.done = steps;
        this.#tell(running);
      },
      step: (text) => {
        record.step = text;
        this.#tell(running);
      },
      finished: (object, error) => {
        record.done += 1;
        record.results.push(error === undefined ? { object } : { object, error });
        this.#tell(running);
      },
    };
  }

  #sentence(id: string, error: unknown): string {
    if (error instanceof DsecosError) {
      if (error.cause !== undefined) {
        this.#options.log("warning", "a job failed", { id, error: explain(error) });
      }
      return error.message;
    }
    const stack = error instanceof Error ? error.stack : String(error);
    this.#options.log("error", "internal error in a job", { id, stack });
    return `An internal error happened; the journal of dsecos-agent explains it under ${id}.`;
  }

  async #cancel(call: Call, id: string): Promise<JobRecord> {
    const { record, abort } = this.#need(id);
    if (record.state !== "running") {
      throw new DsecosError("Conflict", `Job ${id} has ended already.`);
    }
    if (!record.cancellable) throw new DsecosError("Conflict", `Job ${id} cannot be cancelled.`);
    record.step = `Cancelled by ${call.caller.user}; ends after the present step.`;
    abort.abort();
    return record;
  }

  #need(id: string): Running {
    const running = this.#jobs.get(id);
    if (running === undefined) throw new DsecosError("NotFound", `There is no job ${id}.`);
    return running;
  }

  #list(filter: Parameters<Handlers<typeof jobs, Call>["List"]>[1]) {
    const matching = [...this.#jobs.values()]
      .map(({ record }) => record)
      .filter((record) => filter.state === undefined || record.state === filter.state)
      .filter((record) => filter.tenant === undefined || record.tenant === filter.tenant)
      .sort((a, b) => (a.startedAt < b.startedAt ? 1 : a.startedAt > b.startedAt ? -1 : 0));
    const start = filter.cursor === "" ? 0 : matching.findIndex(({ id }) => id === filter.cursor);
    const from = Math.max(start, 0);
    const rows = matching.slice(from, from + filter.limit);
    return { rows, total: matching.length, next: matching[from + filter.limit]?.id ?? "" };
  }

  #tell(running: Running, now = false): void {
    const { changed } = this.#options;
    if (changed === undefined) return;
    if (now) {
      clearTimeout(running.timer);
      changed(running.record);
      return;
    }
    if (running.timer !== undefined) return;
    running.timer = setTimeout(() => {
      delete running.timer;
      if (running.record.state === "running") changed(running.record);
    }, pace);
  }

  #trim(): void {
    for (const [id, { record }] of this.#jobs) {
      if (this.#jobs.size <= mostKept) return;
      if (record.state !== "running") this.#jobs.delete(id);
    }
  }
}

function outcomeOf(record: JobRecord, request: JobRequest): AuditEvent {
  const failures = record.results.filter(({ error }) => error !== undefined);
  const successes = record.results.filter(({ error }) => error === undefined);
  const results = [...failures, ...successes].slice(0, mostRecorded);
  return {
    action: record.kind,
    outcome: record.state === "succeeded" ? "success" : "failure",
    actor: record.actor,
    uid: request.uid,
    tenant: record.tenant,
    object: `job ${record.id}`,
    call: record.id,
    details: { job: { ...record, results }, objects: record.results.length },
    error: record.state === "cancelled" ? "cancelled" : record.error,
  };
}
