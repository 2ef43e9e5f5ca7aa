/** Segments verified at once by worker threads, or one after the other without any. */
import { setImmediate as turn } from "node:timers/promises";
import { Worker } from "node:worker_threads";
import type { SegmentJob, SegmentResult } from "./job.ts";
import { verifySegment } from "./segment.ts";

/** A program that serves as worker, and how many of them. */
export interface Workers {
  file: string | URL;
  count: number;
}

/** What tells a program that it was started to serve; see worker.ts. */
export const workerTask = "dsecos-audit-verify";

/**
 * @param jobs are asked for only as far as there are hands for them
 * @returns results in the order of the jobs
 * @throws AbortError when it is told to stop
 */
export async function* verifySegments(
  jobs: Iterable<SegmentJob>,
  workers: Workers | undefined,
  signal: AbortSignal | undefined,
): AsyncGenerator<SegmentResult> {
  if (workers === undefined || workers.count < 2) {
    for (const job of jobs) {
      signal?.throwIfAborted();
      yield verifySegment(job);
      await turn();
    }
    return;
  }
  const all = Array.from({ length: workers.count }, () => new Hand(workers.file));
  const queue: Promise<SegmentResult>[] = [];
  const source = jobs[Symbol.iterator]();
  try {
    for (let done = false; ; ) {
      signal?.throwIfAborted();
      while (!done && queue.length < 2 * all.length) {
        const next = source.next();
        done = next.done === true;
        if (next.done === true) break;
        const hand = all.reduce((least, one) => (one.load < least.load ? one : least));
        queue.push(hand.verify(next.value));
      }
      const first = queue.shift();
      if (first === undefined) return;
      yield await first;
    }
  } finally {
    for (const promise of queue) promise.catch(() => {}); // Their worker ends with unfinished work.
    await Promise.all(all.map((hand) => hand.end()));
  }
}

class Hand {
  load = 0;
  readonly #worker: Worker;
  readonly #waiting: {
    resolve: (result: SegmentResult) => void;
    reject: (error: Error) => void;
  }[] = [];

  constructor(file: string | URL) {
    this.#worker = new Worker(file, { workerData: { task: workerTask }, name: workerTask });
    this.#worker.on("message", (result: SegmentResult | { failed: Error }) => {
      this.load--;
      const waiting = this.#waiting.shift();
      if ("failed" in result) waiting?.reject(result.failed);
      else waiting?.resolve(result);
    });
    this.#worker.on("error", (error) => this.#fail(error));
    this.#worker.on("exit", () => this.#fail(new Error("a verifying thread ended")));
  }

  #fail(error: Error): void {
    for (const { reject } of this.#waiting.splice(0)) reject(error);
  }

  verify(job: SegmentJob): Promise<SegmentResult> {
    this.load++;
    this.#worker.postMessage(job);
    return new Promise((resolve, reject) => this.#waiting.push({ resolve, reject }));
  }

  async end(): Promise<void> {
    await this.#worker.terminate();
  }
}
