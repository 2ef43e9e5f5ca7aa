/** Program of the thread that writes the audit log: it owns the files, and the trips to the disk. */
import { setPriority } from "node:os";
import { parentPort, receiveMessageOnPort, workerData } from "node:worker_threads";
import { explain, type Log } from "../log.ts";
import { Committer, type Waiting } from "./committer.ts";
import { encodeEvent } from "./event.ts";
import { Keeper } from "./keeper.ts";
import { type Reply, type Request, unpackEvents, type WriterSettings } from "./protocol.ts";
import { closeSegment } from "./segments/close.ts";
import { SegmentWriter } from "./segments/writer.ts";

/** How long an event that is only written may wait for the disk, in milliseconds. */
const syncDelay = 50;
/** How long after a failure it is tried again without anybody asking, in milliseconds. */
const retryDelay = 1000;
/** Events that are taken from the port before they are written. */
const mostTaken = 4096;
/** Nice value of the thread that closes a segment. */
const lowPriority = 10;

if (parentPort === null) throw new Error("this is the program of a worker thread");
const port = parentPort;
const reply = (message: Reply) => port.postMessage(message);

class Serving {
  readonly #writer: SegmentWriter;
  readonly #committer: Committer;
  readonly #keeper: Keeper;
  readonly #node: string;
  #waiting: Waiting[] = [];
  #timer: NodeJS.Timeout | undefined;

  constructor({ directory, node, retentionDays }: WriterSettings) {
    this.#node = node;
    const log: Log = (level, message, facts = {}) => reply({ kind: "log", level, message, facts });
    const writer = new SegmentWriter(directory);
    this.#writer = writer;
    this.#committer = new Committer({
      writer,
      log,
      answer: (answer) => {
        if ("done" in answer) reply([answer.done, answer.first, writer.size]);
        else reply({ kind: "refused", count: answer.refused, why: answer.why });
      },
      recovered: (details) => this.#payload("audit.recovered", details),
    });
    const record = (action: string, details: Record<string, unknown>) => {
      this.#committer.record(this.#payload(action, details));
      reply({ kind: "size", size: writer.size });
    };
    const program = new URL(import.meta.url);
    this.#keeper = new Keeper({ writer, retentionDays, program, record, log });
  }

  start(): void {
    this.#keeper.watch();
    this.#committer.open();
    reply({ kind: "opened", size: this.#writer.size });
    this.#settleSoon();
    this.#keeper.start();
    port.on("message", (first: Request) => {
      for (let request: Request | undefined = first; request !== undefined; ) {
        this.#take(request);
        request = receiveMessageOnPort(port)?.message;
      }
      this.#commit();
    });
  }

  #take(request: Request): void {
    if (request instanceof Uint8Array) {
      const events = unpackEvents(request);
      this.#waiting = this.#waiting.length === 0 ? events : [...this.#waiting, ...events];
      if (this.#waiting.length >= mostTaken) this.#commit();
      return;
    }
    this.#commit();
    if (request.kind === "head") this.#head(request.id);
    else if (request.kind === "close") this.#close();
  }

  #commit(): void {
    const waiting = this.#waiting;
    if (waiting.length === 0) return;
    this.#waiting = [];
    this.#committer.commit(waiting);
    this.#settleSoon();
  }

  #settleSoon(): void {
    if (!this.#committer.unsettled || this.#timer !== undefined) return;
    const delay = this.#committer.failing ? retryDelay : syncDelay;
    this.#timer = setTimeout(() => {
      this.#timer = undefined;
      this.#committer.settle();
      reply({ kind: "size", size: this.#writer.size });
      this.#settleSoon();
    }, delay);
  }

  #head(id: number): void {
    try {
      const { size, root, chain } = this.#committer.head();
      reply({ kind: "head", id, size, root, chain });
    } catch (error) {
      reply({ kind: "headFailed", id, error: explain(error) });
    }
    this.#settleSoon();
  }

  async #close(): Promise<void> {
    clearTimeout(this.#timer);
    await this.#keeper.stop();
    this.#committer.settle();
    const lost = this.#committer.unsettled;
    this.#writer.close();
    reply({ kind: "closed", error: lost ? "the last events may not be on the disk" : "" });
    port.close();
  }

  #payload(action: string, details: Record<string, unknown>): Buffer {
    const self = { actor: "agent", uid: process.getuid?.() ?? 0, pid: process.pid };
    const event = { action, outcome: "note", source: "log", ...self, details } as const;
    return encodeEvent(event, this.#node).payload;
  }
}

/** The thread that closes a segment runs the same program, so that there is one file to install. */
const task = workerData as { directory: string; close: number } | undefined;
if (task !== undefined) close(task.directory, task.close);
else {
  port.once("message", (request: Request) => {
    if (request instanceof Uint8Array || request.kind !== "open") {
      throw new Error("the log has to be opened first");
    }
    new Serving(request.settings).start();
  });
}

function close(directory: string, first: number): void {
  try {
    setPriority(0, lowPriority);
  } catch {
    // Where the sandbox does not let us, it goes on as it is: this only helps others.
  }
  port.postMessage(closeSegment(directory, first));
}
