/** Stand-ins for the parts around the services: jobs and the audit record, kept in memory only. */
import { randomBytes } from "node:crypto";
import type { AuditEntry } from "../../agent/audit/contract.ts";
import type { AuditEvent, AuditWriter } from "../../agent/audit/types.ts";
import type { Call } from "../../agent/bus/call.ts";
import { DsecosError } from "../../agent/bus/errors.ts";
import type { JobRecord } from "../../agent/jobs/contract.ts";
import type { JobProgress, JobRequest, Jobs } from "../../agent/jobs/types.ts";
import type { StorageQuota } from "../../agent/tenants/quota-volumes.ts";

/** For tests of something else: every tenant may have as much storage as it likes. */
export const fakeBoundless: StorageQuota = {
  within: (_tenant, _volume, declare) => declare(),
  requireTotal: () => undefined,
};

export class FakeJobs implements Jobs {
  readonly records = new Map<string, JobRecord>();
  readonly errors = new Map<string, unknown>();
  readonly #ends = new Map<string, Promise<void>>();
  readonly #aborts = new Map<string, AbortController>();

  start(request: JobRequest, work: (progress: JobProgress) => Promise<void>): string {
    const id = request.id ?? randomBytes(8).toString("hex");
    const abort = new AbortController();
    const record: JobRecord = {
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
      cancellable: request.cancellable ?? false,
    };
    this.records.set(id, record);
    this.#aborts.set(id, abort);
    const progress: JobProgress = {
      id,
      signal: abort.signal,
      total: (steps) => {
        record.total = steps;
      },
      reached: (steps) => {
        record.done = steps;
      },
      step: (text) => {
        record.step = text;
      },
      finished: (object, error) => {
        record.done += 1;
        record.results.push(error === undefined ? { object } : { object, error });
      },
    };
    const run = async () => {
      try {
        await work(progress);
        const failed = record.results.some(({ error }) => error !== undefined);
        record.state = abort.signal.aborted ? "cancelled" : failed ? "failed" : "succeeded";
      } catch (error) {
        record.state = "failed";
        record.error = String((error as Error).message);
        this.errors.set(id, error);
      }
    };
    this.#ends.set(id, Promise.resolve().then(run));
    return id;
  }

  get(id: string): JobRecord | undefined {
    return this.records.get(id);
  }

  cancel(id: string): void {
    this.#aborts.get(id)?.abort();
  }

  /** Waits for the end of a job. @throws its error, or the first that one of its objects had. */
  async done(id: string): Promise<JobRecord> {
    await this.#ends.get(id);
    const error = this.errors.get(id);
    if (error !== undefined) throw error;
    const record = this.records.get(id);
    if (record === undefined) throw new Error(`no job ${id}`);
    const failed = record.results.find((result) => result.error !== undefined);
    if (failed?.error !== undefined) throw new DsecosError("Internal", failed.error);
    return record;
  }
}

export class RecordingAudit implements AuditWriter {
  readonly events: AuditEvent[] = [];

  append(event: AuditEvent): Promise<AuditEntry> {
    this.events.push(event);
    const { details, call, tenant, object, error, ...rest } = event;
    return Promise.resolve({
      source: "agent",
      loginuid: -1,
      pid: 0,
      label: "",
      ...rest,
      sequence: this.events.length,
      time: new Date().toISOString(),
      node: "test",
    });
  }

  of(action: string, tenant?: string): AuditEvent[] {
    return this.events.filter(
      (event) => event.action === action && (tenant === undefined || event.tenant === tenant),
    );
  }
}

export function fakeCall(member: string, user = "alice"): Call {
  return {
    id: randomBytes(8).toString("hex"),
    caller: {
      connection: ":1.1",
      uid: 1000,
      user,
      gids: [1000],
      pid: 1,
      loginuid: 1000,
      label: "",
    },
    member,
    signal: new AbortController().signal,
    approvers: [],
    note: () => {},
  };
}
