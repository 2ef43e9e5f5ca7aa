/**
 * The audit log as the agent's main thread sees it. A thread of its own writes it; events of one
 * turn of the event loop go there in one message, and come back in the order in which they went.
 */
import { existsSync } from "node:fs";
import { join } from "node:path";
import type { Worker } from "node:worker_threads";
import { DsecosError } from "../bus/errors.ts";
import { explain, type Log } from "../log.ts";
import type { AuditEntry } from "./contract.ts";
import { encodeEvent } from "./event.ts";
import { packEvents, type Reply, type Request, type WriterSettings } from "./protocol.ts";
import type { Head } from "./segments/writer.ts";
import { startWriterThread } from "./thread.ts";
import type { AuditEvent, AuditWriter, Until } from "./types.ts";

/** Events and bytes that may wait for the disk; more are refused. */
const mostWaiting = { events: 65_536, bytes: 64 * 1024 * 1024 };
/** Larger messages are handed over to the thread instead of copied, in bytes. */
const handedOver = 16 * 1024;
/** Listeners hear of new events at most this often, in milliseconds. */
const pace = 200;

/** In the place of a payload that the thread has. */
const sent = Buffer.alloc(0);

interface Waiting {
  entry: AuditEntry;
  payload: Buffer;
  bytes: number;
  durable: boolean;
  resolve(entry: AuditEntry): void;
  reject(error: Error): void;
}

export interface AuditLogOptions {
  /** @see WriterSettings */
  retentionDays?: number;
  /** The writer's program; beside the agent's unless told. */
  program?: URL | undefined;
  /** A thread that was started before. */
  thread?: Worker;
  /** Called when the log cannot be written any more and a new start is the only way. */
  failed?: (error: Error) => void;
}

export class AuditLog implements AuditWriter {
  readonly directory: string;
  readonly #settings: WriterSettings;
  readonly #program: URL | undefined;
  readonly #failed: (error: Error) => void;
  readonly #log: Log;
  #early: Worker | undefined;
  #worker: Worker | undefined;
  #size = 0;
  /** Events of this turn of the event loop. */
  #batch: Waiting[] = [];
  /** Events that the thread has, in order; those before #done have their answer. */
  #sent: Waiting[] = [];
  #done = 0;
  #waitingBytes = 0;
  #heads = new Map<number, { resolve(head: Head): void; reject(error: Error): void }>();
  #nextHead = 0;
  #closed: (() => void) | undefined;
  readonly #listeners = new Set<(size: number) => void>();
  #telling: NodeJS.Timeout | undefined;

  constructor(directory: string, node: string, log: Log, options: AuditLogOptions = {}) {
    this.directory = directory;
    this.#settings = { directory, node, retentionDays: options.retentionDays ?? 400 };
    this.#program = options.program;
    this.#early = options.thread;
    this.#failed = options.failed ?? ((error) => process.nextTick(() => raise(error)));
    this.#log = log;
  }

  /** Number of events that may be read. */
  get size(): number {
    return this.#size;
  }

  /** Opens the log and takes up the chain where it ends; what a crash tore off is put on record. */
  async open(): Promise<void> {
    const old = join(this.directory, "audit.jsonl");
    if (existsSync(old)) {
      this.#log("warning", "an audit record of an older form is left as it is", { file: old });
    }
    await this.#start();
  }

  append(event: AuditEvent, until: Until = "durable"): Promise<AuditEntry> {
    return new Promise((resolve, reject) => {
      const events = this.#batch.length + this.#sent.length - this.#done;
      if (events >= mostWaiting.events || this.#waitingBytes >= mostWaiting.bytes) {
        const what = "Too many events wait for the audit log, so nothing was done; try again.";
        throw new DsecosError("Unavailable", what);
      }
      const { entry, payload } = encodeEvent(event, this.#settings.node);
      if (this.#batch.length === 0) process.nextTick(() => this.#send());
      const bytes = payload.length;
      this.#waitingBytes += bytes;
      const durable = until === "durable";
      this.#batch.push({ entry, payload, bytes, durable, resolve, reject });
    });
  }

  /** The head of all events that are durable: what checkpoints sign. */
  head(): Promise<Head> {
    return new Promise((resolve, reject) => {
      const id = this.#nextHead++;
      this.#send();
      this.#heads.set(id, { resolve, reject });
      if (this.#post({ kind: "head", id })) return;
      this.#heads.delete(id);
      reject(new Error("the audit log is not open"));
    });
  }

  /** @returns a function that ends it. */
  onAppended(listener: (size: number) => void): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  async close(): Promise<void> {
    this.#send();
    clearTimeout(this.#telling);
    const closed = new Promise<void>((resolve) => {
      this.#closed = resolve;
    });
    if (this.#post({ kind: "close" })) await closed;
  }

  #start(): Promise<void> {
    return new Promise((resolve, reject) => {
      const worker = this.#early ?? startWriterThread(this.#program);
      this.#early = undefined;
      let opened = false;
      let cause: Error | undefined;
      worker.on("message", (reply: Reply) => {
        if (!Array.isArray(reply) && reply.kind === "opened") {
          opened = true;
          this.#worker = worker;
          resolve();
        }
        this.#take(reply);
      });
      worker.on("error", (error) => {
        cause = error;
      });
      worker.on("exit", () => {
        this.#worker = undefined;
        const error = cause ?? new Error("the thread that writes the audit log has ended");
        if (!opened) reject(error);
        else if (this.#closed !== undefined) this.#end(cause);
        else this.#restart(error);
      });
      const open: Request = { kind: "open", settings: this.#settings };
      worker.postMessage(open);
    });
  }

  #end(cause: Error | undefined): void {
    if (cause !== undefined)
      this.#log("error", "the audit log did not end as it should", { error: explain(cause) });
    this.#closed?.();
  }

  /** What waited has no answer: whether it is on record, nobody can tell. */
  #restart(error: Error): void {
    this.#log("error", "the writer of the audit log ended; it is started again", {
      error: explain(error),
    });
    const lost = [...this.#sent.slice(this.#done), ...this.#batch];
    this.#sent = [];
    this.#done = 0;
    this.#waitingBytes = 0;
    this.#batch = [];
    for (const { reject } of lost) reject(refusal("broken"));
    for (const { reject } of this.#heads.values()) reject(error);
    this.#heads.clear();
    this.#start().catch((again) => this.#failed(again));
  }

  #send(): void {
    const batch = this.#batch;
    if (batch.length === 0) return;
    this.#batch = [];
    const request = packEvents(batch);
    // A small one is copied faster than it is handed over.
    if (this.#post(request, request.length > handedOver ? [request.buffer] : [])) {
      for (const waiting of batch) {
        waiting.payload = sent;
        this.#sent.push(waiting);
      }
      return;
    }
    this.#waitingBytes = 0;
    for (const { reject } of batch) reject(refusal("broken"));
  }

  #post(request: Request, transfer: ArrayBuffer[] = []): boolean {
    this.#worker?.postMessage(request, transfer);
    return this.#worker !== undefined;
  }

  #take(reply: Reply): void {
    if (Array.isArray(reply)) {
      const [count, first, size] = reply;
      this.#grow(size);
      this.#answered(count).forEach(({ resolve, entry }, i) => {
        entry.sequence = first + i + 1;
        resolve(entry);
      });
      return;
    }
    if ("size" in reply) this.#grow(reply.size);
    switch (reply.kind) {
      case "refused": {
        const error = refusal(reply.why, this.directory);
        for (const { reject } of this.#answered(reply.count)) reject(error);
        break;
      }
      case "head": {
        const { id, size, root, chain } = reply;
        this.#heads.get(id)?.resolve({ size, root: Buffer.from(root), chain: Buffer.from(chain) });
        this.#heads.delete(id);
        break;
      }
      case "headFailed":
        this.#heads.get(reply.id)?.reject(new Error(reply.error));
        this.#heads.delete(reply.id);
        break;
      case "log":
        this.#log(reply.level, reply.message, reply.facts);
        break;
      case "closed":
        if (reply.error !== "") this.#log("error", reply.error);
    }
  }

  /** @returns the next events that have their answer. */
  #answered(count: number): Waiting[] {
    const events = this.#sent.slice(this.#done, this.#done + count);
    if (events.length < count) throw new Error("an answer to no event");
    this.#done += count;
    for (const { bytes } of events) this.#waitingBytes -= bytes;
    if (this.#done === this.#sent.length || this.#done >= 1024) {
      this.#sent.splice(0, this.#done);
      this.#done = 0;
    }
    return events;
  }

  #grow(size: number): void {
    if (size <= this.#size) return;
    this.#size = size;
    if (this.#listeners.size === 0) return;
    this.#telling ??= setTimeout(() => {
      this.#telling = undefined;
      for (const listener of this.#listeners) listener(this.#size);
    }, pace);
  }
}

function refusal(why: "full" | "broken", directory = ""): DsecosError {
  const what =
    why === "full"
      ? `The disk of the audit log is full, so nothing was done; free space under ${directory}.`
      : "The audit log cannot be written, so nothing was done; see the journal of dsecos-agent.";
  return new DsecosError("Unavailable", what);
}

function raise(error: Error): never {
  throw error;
}
