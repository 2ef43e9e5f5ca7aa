/** Verifying the whole log as a job, and remembering what came of it. */
import { Worker } from "node:worker_threads";
import { DsecosError } from "../bus/errors.ts";
import { SingleJob } from "../jobs/single.ts";
import type { JobProgress, Jobs } from "../jobs/types.ts";
import { explain, type Log } from "../log.ts";
import type { Finding, Verification } from "./answers.ts";
import type { AuditEntry } from "./entry.ts";
import { readerProgram } from "./queries/client.ts";
import type { VerificationMessage, VerificationSettings } from "./queries/verify-run.ts";
import type { AuditWriter } from "./types.ts";
import type { Finding as Found } from "./verify/findings.ts";
import type { Report } from "./verify/report.ts";

export const verifiedAction = "audit.Verified";
/** Findings that are kept; the log takes 16 KiB of details. */
const mostFindings = 50;
const mostBytes = 12_000;
/** For V8; segments that are being verified are outside of it. */
const limits = { maxOldGenerationSizeMb: 256, maxYoungGenerationSizeMb: 16 };

export const neverVerified: Verification = {
  state: "never",
  at: "",
  job: "",
  actor: "",
  size: 0,
  seconds: 0,
  errors: 0,
  warnings: 0,
  findings: [],
};

export interface VerifierParts {
  directory: string;
  size: () => number;
  jobs: Jobs;
  audit: AuditWriter;
  log: Log;
  /** The thread's program; beside the agent's unless told. */
  program?: URL;
}

export class Verifier {
  readonly #parts: VerifierParts;
  #last: Verification = neverVerified;
  readonly #running: SingleJob;

  constructor(parts: VerifierParts) {
    this.#parts = parts;
    this.#running = new SingleJob(parts.jobs);
  }

  get last(): Verification {
    return this.#last;
  }

  /** @param entries oldest first */
  restore(entries: readonly AuditEntry[]): void {
    const found = entries.findLast(({ action }) => action === verifiedAction);
    const verification = found?.details?.verification as Verification | undefined;
    if (verification !== undefined) this.#last = { ...neverVerified, ...verification };
  }

  /** @returns id of the job, the one that runs already if there is one */
  start(kind: string, actor: string, uid: number): string {
    const request = { kind, title: "Verify the audit log", actor, uid };
    return this.#running.start(request, (progress) => this.#work(progress, actor, uid));
  }

  async #work(progress: JobProgress, actor: string, uid: number): Promise<void> {
    const began = performance.now();
    const size = this.#parts.size();
    progress.total(size);
    progress.step("Chain, tree, checkpoints, TPM and witnesses");
    const ended = () => ({
      at: new Date().toISOString(),
      job: progress.id,
      actor,
      size,
      seconds: Math.round((performance.now() - began) / 100) / 10,
    });
    let report: Report;
    try {
      report = await this.#run(size, progress);
    } catch (error) {
      if (!progress.signal.aborted) {
        this.#last = { ...neverVerified, ...ended(), state: "failed" };
        this.#parts.log("error", "the log could not be verified", { error: explain(error) });
      }
      throw error;
    }
    this.#last = { ...verdictOf(report), ...ended() };
    for (const { name, state, text } of report.checks) {
      progress.finished(name, state === "failed" ? text : undefined);
    }
    progress.reached(size);
    await this.#parts.audit.append({
      action: verifiedAction,
      outcome: report.intact ? "success" : "failure",
      source: "log",
      actor,
      uid,
      call: progress.id,
      details: { verification: bounded(this.#last) },
      ...(report.intact ? {} : { error: `${this.#last.errors} things are wrong` }),
    });
  }

  #run(end: number, progress: JobProgress): Promise<Report> {
    const { directory, program = readerProgram() } = this.#parts;
    return new Promise((resolve, reject) => {
      const workerData: VerificationSettings = {
        task: "verify",
        directory,
        end,
        program: program.href,
      };
      const worker = new Worker(program, { workerData, resourceLimits: limits });
      worker.on("message", (message: VerificationMessage) => {
        if (message.kind === "progress") progress.reached(message.events);
        else if (message.kind === "done") resolve(message.report);
        else reject(new Error(message.error));
      });
      worker.on("error", reject);
      worker.on("exit", () => reject(new Error("the verifying thread ended without a result")));
      progress.signal.addEventListener("abort", () => {
        void worker.terminate();
        reject(new DsecosError("Conflict", "The verification was cancelled."));
      });
    });
  }
}

function verdictOf({ intact, findings }: Report) {
  const errors = findings.filter(({ severity }) => severity === "E").length;
  return {
    state: intact ? ("intact" as const) : ("damaged" as const),
    errors,
    warnings: findings.length - errors,
    findings: findings.slice(0, mostFindings).map(told),
  };
}

function told({ code, evidence, severity, file, first, last, text }: Found): Finding {
  const from = first === undefined ? "" : ` sequence ${first + 1}`;
  const to = last === undefined || last === first ? "" : ` to ${last + 1}`;
  return {
    code,
    evidence,
    severity: severity === "E" ? "error" : "warning",
    where: `${file}${from}${to}`,
    text,
  };
}

/** With as many of its findings as the log takes. */
function bounded(verification: Verification): Verification {
  const findings: Finding[] = [];
  let bytes = 0;
  for (const finding of verification.findings) {
    bytes += JSON.stringify(finding).length;
    if (bytes > mostBytes) break;
    findings.push(finding);
  }
  return { ...verification, findings };
}
