/**
 * A thread that verifies segments. Any program may serve: it calls this first, and does nothing
 * else when it was started for that. So the command line, one file, is its own worker.
 */
import { isMainThread, parentPort, workerData } from "node:worker_threads";
import type { SegmentJob } from "./job.ts";
import { workerTask } from "./pool.ts";
import { verifySegment } from "./segment.ts";

/** @returns whether this program was started as such a thread. */
export function servesAsVerifier(): boolean {
  if (isMainThread || workerData?.task !== workerTask) return false;
  parentPort?.on("message", (job: SegmentJob) => {
    try {
      parentPort?.postMessage(verifySegment(job));
    } catch (error) {
      parentPort?.postMessage({ failed: error });
    }
  });
  return true;
}
