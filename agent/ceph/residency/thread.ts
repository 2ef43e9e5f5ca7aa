/**
 * A proof in a thread of its own that ends with it: what a large cluster takes in memory is given back,
 * and the agent's loop is not held.
 */
import { Worker } from "node:worker_threads";
import { DsecosError } from "../../bus/errors.ts";
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
}

export type ProofReply = { verdict: Verdict } | { failed: string };

/** For V8: 100,000 placement groups and 4,320 OSDs take a half of it. */
const limits = { maxOldGenerationSizeMb: 192, maxYoungGenerationSizeMb: 48 };

const tooLarge =
  "The cluster's maps take more memory than the agent has for them; prove them on a machine of your own with dsecos ceph prove.";

export const residencyProgram = (): URL => new URL("ceph-prover.js", import.meta.url);

/** @throws DsecosError Unavailable where the maps are too large, Conflict when it is cancelled */
export function proveApart(
  request: ProofRequest,
  program: URL,
  signal?: AbortSignal,
): Promise<Verdict> {
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
    worker.on("message", (reply: ProofReply) => {
      if ("verdict" in reply) resolve(reply.verdict);
      else reject(new Error(reply.failed));
    });
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
