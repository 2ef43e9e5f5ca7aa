/**
 * Looks after the segments beside the writing: full ones are closed by a thread of their own, old
 * ones are removed, and files get the flags that fit them.
 */
import { setTimeout } from "node:timers";
import { Worker } from "node:worker_threads";
import { explain, type Log } from "../log.ts";
import type { ClosedFile } from "./segments/close.ts";
import { listSegments, segmentPath } from "./segments/files.ts";
import { setFlag } from "./segments/protect.ts";
import { removeDue } from "./segments/retention.ts";
import type { SegmentWriter } from "./segments/writer.ts";

/** How often it is looked for what is to be done, in milliseconds. */
const pace = 3_600_000;
/** A segment's bundles pass one by one: this is for V8, not for the data. */
const closingLimits = { maxOldGenerationSizeMb: 32, maxYoungGenerationSizeMb: 2 };

export interface KeeperOptions {
  writer: SegmentWriter;
  retentionDays: number;
  /** The program that closes a segment as a thread of its own, told by `workerData`. */
  program: URL;
  /** Puts an event of the log about itself on the disk, or throws. */
  record: (action: string, details: Record<string, unknown>) => void;
  log: Log;
}

export class Keeper {
  readonly #options: KeeperOptions;
  /** Segments that could not be closed; tried again with the next look. */
  readonly #failed = new Set<number>();
  #closing: Worker | undefined;
  #timer: NodeJS.Timeout | undefined;
  #flagsTold = false;

  constructor(options: KeeperOptions) {
    this.#options = options;
  }

  /** Comes before the log is opened, which takes a segment for writing. */
  watch(): void {
    this.#options.writer.onSegment = (first) => {
      this.#flag(segmentPath(this.#options.writer.directory, first, "open"), "a");
      setImmediate(() => this.#closeNext());
    };
  }

  /** After the opening: does what was left over, off the way of the first events. */
  start(): void {
    this.#timer = setTimeout(() => this.#look(), 1000);
  }

  async stop(): Promise<void> {
    clearTimeout(this.#timer);
    // What it leaves is done again at the next start.
    await this.#closing?.terminate();
  }

  #look(): void {
    const { log, writer } = this.#options;
    try {
      if (writer.isOpen) writer.completeRoots();
      this.#remove();
    } catch (error) {
      log("error", "the audit log could not be looked after", { error: explain(error) });
    }
    this.#failed.clear();
    this.#closeNext();
    this.#timer = setTimeout(() => this.#look(), pace);
  }

  #remove(): void {
    const { log, record, retentionDays, writer } = this.#options;
    const tell = (tombstone: Record<string, unknown>) => record("audit.Retention", tombstone);
    for (const { first, count, lastTime } of removeDue(writer.directory, retentionDays, tell)) {
      log("info", "old audit events were removed", { first, count, lastTime });
    }
  }

  #closeNext(): void {
    const { log, program, writer } = this.#options;
    if (this.#closing !== undefined || !writer.isOpen) return;
    const { directory } = writer;
    const due = listSegments(directory).find(
      ({ first, state }) =>
        state === "open" && first !== writer.segment && !this.#failed.has(first),
    );
    if (due === undefined) return;
    const { first } = due;
    const workerData = { directory, close: first };
    const worker = new Worker(program, { workerData, resourceLimits: closingLimits });
    this.#closing = worker;
    worker.once("message", ({ path, events, bytes }: ClosedFile) => {
      log("info", "a segment of the audit log was closed", { first, events, bytes });
      this.#flag(path, "i");
    });
    worker.once("error", (error) => {
      this.#failed.add(first);
      log("error", "a segment could not be closed", { first, error: explain(error) });
    });
    worker.once("exit", () => {
      this.#closing = undefined;
      this.#closeNext();
    });
  }

  #flag(path: string, flag: "a" | "i"): void {
    setFlag(path, flag).catch((error) => {
      if (this.#flagsTold) return;
      this.#flagsTold = true;
      const what = "files of the audit log get no append-only and immutable flags here";
      this.#options.log("info", what, { error: explain(error) });
    });
  }
}
