/** How services run work that takes longer than a second. */
import type { JobRecord } from "./contract.ts";

/** Handed to the work; everything it tells is seen by people at once. */
export interface JobProgress {
  readonly id: string;
  /** Aborted when somebody cancels; work stops after the step it is in. */
  readonly signal: AbortSignal;
  total(steps: number): void;
  /** So many steps are done, for work whose steps have no names. */
  reached(steps: number): void;
  /** Says what is being done now. */
  step(text: string): void;
  /** One more object is done, with the reason where it failed. */
  finished(object: string, error?: string): void;
}

export interface JobRequest {
  /** `<subsystem>.<Member>` */
  kind: string;
  title: string;
  tenant?: string;
  /** Who asked, for the record. */
  actor: string;
  uid: number;
  /** Given when an interrupted job goes on after a restart. */
  id?: string;
  cancellable?: boolean;
}

export interface Jobs {
  /**
   * Starts the work and gives the id at once. The outcome goes on the audit record: `failure` when
   * the work throws or any object failed. A thrown DsecosError is the job's error.
   */
  start(request: JobRequest, work: (progress: JobProgress) => Promise<void>): string;
  get(id: string): JobRecord | undefined;
}
