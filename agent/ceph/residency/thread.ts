/**
 * A proof in a thread of its own that ends with it: what a large cluster takes in memory is given back,
 * and the agent's loop is not held.
 */
import { Worker } from "node:worker_threads";
import { DsecosError } from "../../bus/errors.ts";
import type { Change } from "./changes.ts";
import type { Demand } from "./map/document.ts";
import type { Evidence, Ground } from "./prove.ts";
import type { Exits } from "./read/exits.ts";
import type { Verdict } from "./verdict.ts";

export interface ProofRequest {
  /** JSON as Ceph gave it; handed over, so that nobody else can read it afterwards. */
  texts: Omit<Evidence, "exits">;
  exits?: Exits | undefined;
  ground: Ground;
  demands: readonly Demand[];
  /** Asked is what speaks against these, instead of a proof. */
  changes?: readonly Change[];
}

export type ProofReply = { verdict: Verdict } | { breaches: string[] } | { failed: string };

/** For V8: 100,000 placement groups and 4,320 OSDs take a half of it. */
const limits = { maxOldGenerationSizeMb: 192, maxYoungGenerationSizeMb: 48 };

const tooLarge =
  "The cluster's maps take more memory than the agent has for them; prove them on a machine of your own with dsecos ceph prove.";

export const residencyProgram = (): URL => new URL("ceph-prover.js", import.meta.url);

/** @throws DsecosError Unavailable where the maps are too large, Conflict when it is cancelled */
export async function proveApart(
  request: ProofRequest,
  program: URL,
  signal?: AbortSignal,
): Promise<Verdict> {
  const reply = await apart(request, program, signal);
  if ("verdict" in reply) return reply.verdict;
  throw unexpected(reply);
}

/** @returns why not to make the changes. @throws DsecosError as proveApart does */
export async function breachesApart(
  request: ProofRequest & Required<Pick<ProofRequest, "changes">>,
  program: URL,
  signal?: AbortSignal,
): Promise<string[]> {
  const reply = await apart(request, program, signal);
  if ("breaches" in reply) return reply.breaches;
  throw unexpected(reply);
}

const unexpected = (reply: ProofReply) =>
  new Error(
    "failed" in reply ? reply.failed : "the thread that proves residency said another thing",
  );

function apart(request: ProofRequest, program: URL, signal?: AbortSignal): Promise<ProofReply> {
  return new Promise((resolve, reject) => {
    const transferList = Object.values(request.texts).flatMap((bytes) => {
      const { buffer, byteLength } = bytes ?? new Uint8Array();
      const own = buffer.byteLength === byteLength && buffer instanceof ArrayBuffer;
      return own && byteLength > 0 ? [buffer] : [];
    });
    const worker = new Worker(program, {
      ...{ workerData: request, transferList, resourceLimits: limits },
    });
    worker.unref();
    worker.on("message", resolve);
    worker.on("error", (error: NodeJS.ErrnoException) => {
      const full = error.code === "ERR_WORKER_OUT_OF_MEMORY";
      reject(full ? new DsecosError("Unavailable", tooLarge, { cause: error }) : error);
    });
    const cancel = () => {
      void worker.terminate();
      reject(new DsecosError("Conflict", "It was cancelled."));
    };
    signal?.addEventListener("abort", cancel);
    worker.on("exit", () => {
      signal?.removeEventListener("abort", cancel);
      reject(new Error("the thread that proves residency broke off"));
    });
  });
}
