/** A verification of the whole log, in a thread of its own, which has others beside it. */
import { availableParallelism } from "node:os";
import { parentPort } from "node:worker_threads";
import { DsecosError } from "../../bus/errors.ts";
import type { Report } from "../verify/report.ts";
import { noTrust, verifyLog } from "../verify/verify.ts";

export interface VerificationSettings {
  task: "verify";
  directory: string;
  /** Number of events to look at: those that were there when somebody asked. */
  end: number;
  /** This very program. */
  program: string;
}

export type VerificationMessage =
  | { kind: "progress"; events: number }
  | { kind: "done"; report: Report }
  | { kind: "failed"; error: string; known: boolean };

/** More would take memory and leave the node less than it needs. */
const mostThreads = 4;

export async function runVerification(settings: VerificationSettings): Promise<void> {
  const say = (message: VerificationMessage) => parentPort?.postMessage(message);
  const { directory, end, program } = settings;
  const count = Math.min(mostThreads, availableParallelism());
  try {
    const report = await verifyLog(directory, {
      trust: noTrust,
      end,
      workers: { file: new URL(program), count },
      onProgress: (events) => say({ kind: "progress", events }),
    });
    say({ kind: "done", report });
  } catch (error) {
    const text = error instanceof Error ? `${error.stack}` : String(error);
    say({ kind: "failed", error: text, known: error instanceof DsecosError });
  }
}
