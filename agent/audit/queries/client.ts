/**
 * Asks the thread that reads the log. It is started when something is asked and ended when nothing
 * was for a while; should it break off, what waits fails and the next question starts another.
 */
import { Worker } from "node:worker_threads";
import { DsecosError } from "../../bus/errors.ts";
import { EncodedDocument } from "../../bus/validate.ts";
import { explain, type Log } from "../../log.ts";
import type { AuditEntry } from "../entry.ts";
import type { Kind, Questions, ReaderSettings, Reply, Request } from "./messages.ts";

/** How long the thread outlives the last answer, in milliseconds. */
const idleMs = 60_000;
/** For V8; what is read from the disk is outside of it. */
const limits = { maxOldGenerationSizeMb: 96, maxYoungGenerationSizeMb: 8 };

export const readerProgram = (): URL => new URL("audit-reader.js", import.meta.url);

export interface ReaderOptions {
  directory: string;
  /** Actions of members that only read. */
  reads: readonly string[];
  /** How many events may be read. */
  size: () => number;
  log: Log;
  /** The thread's program; beside the agent's unless told. */
  program?: URL;
}

interface Waiting {
  resolve(answer: unknown): void;
  reject(error: Error): void;
}

export class ReaderClient {
  readonly #options: ReaderOptions;
  #worker: Worker | undefined;
  readonly #waiting = new Map<number, Waiting>();
  #next = 0;
  #idle: NodeJS.Timeout | undefined;

  constructor(options: ReaderOptions) {
    this.#options = options;
  }

  /** @throws DsecosError */
  ask<K extends Kind>(kind: K, ask: Questions[K]["ask"]): Promise<Questions[K]["answer"]> {
    return this.#ask(kind, ask, false) as Promise<Questions[K]["answer"]>;
  }

  /**
   * For a reply on the bus: becomes JSON in the other thread.
   * @returns an EncodedDocument, which stands for the answer.
   * @throws DsecosError
   */
  async document<K extends Kind>(
    kind: K,
    ask: Questions[K]["ask"],
  ): Promise<Questions[K]["answer"]> {
    const json = await this.#ask(kind, ask, true);
    return new EncodedDocument(String(json)) as unknown as Questions[K]["answer"];
  }

  #ask<K extends Kind>(kind: K, ask: Questions[K]["ask"], encoded: boolean): Promise<unknown> {
    clearTimeout(this.#idle);
    this.#worker ??= this.#start();
    const worker = this.#worker;
    const id = this.#next++;
    return new Promise((resolve, reject) => {
      this.#waiting.set(id, { resolve, reject });
      worker.postMessage({ id, kind, ask, size: this.#options.size(), encoded } as Request);
    });
  }

  /** Hashes of the proof that the log of `from` events is the beginning of that of `to`. */
  async consistency(from: number, to: number): Promise<Buffer[]> {
    const hashes = await this.ask("consistency", { from, to });
    return hashes.map((hash) => Buffer.from(hash, "base64"));
  }

  /** @returns the newest entry of a source that has that member in its details. */
  async newestWith(source: AuditEntry["source"], member: string): Promise<AuditEntry | undefined> {
    const filter = { source, text: member, cursor: "", limit: 1 };
    for (;;) {
      const { rows, next } = await this.ask("list", { filter, scope: {} });
      const [found] = rows;
      if (found?.details?.[member]) return found;
      if (next === "") return undefined;
      filter.cursor = next;
    }
  }

  async close(): Promise<void> {
    clearTimeout(this.#idle);
    const worker = this.#worker;
    this.#worker = undefined;
    await worker?.terminate();
    this.#fail("The agent is stopping; ask again in a moment.");
  }

  #start(): Worker {
    const { directory, reads, program = readerProgram() } = this.#options;
    const workerData: ReaderSettings = { task: "read", directory, reads: [...reads] };
    const worker = new Worker(program, { workerData, resourceLimits: limits });
    worker.unref();
    worker.on("message", (reply: Reply) => this.#take(reply));
    worker.on("error", (error) => {
      const facts = { error: explain(error) };
      this.#options.log("error", "the thread that reads the audit log broke off", facts);
    });
    worker.on("exit", () => {
      if (this.#worker !== worker) return;
      this.#worker = undefined;
      this.#fail("The thread that reads the audit log broke off; ask again, for less at a time.");
    });
    return worker;
  }

  #fail(message: string): void {
    const waiting = [...this.#waiting.values()];
    this.#waiting.clear();
    for (const { reject } of waiting) reject(new DsecosError("Unavailable", message));
  }

  #take(reply: Reply): void {
    if (reply.kind === "log") {
      this.#options.log("warning", reply.message, reply.facts);
      return;
    }
    const waiting = this.#waiting.get(reply.id);
    this.#waiting.delete(reply.id);
    if (this.#waiting.size === 0) this.#rest();
    if (reply.kind === "answer") waiting?.resolve(reply.answer);
    else if (reply.kind === "refused") waiting?.reject(new DsecosError(reply.code, reply.message));
    else waiting?.reject(new Error(reply.error));
  }

  #rest(): void {
    this.#idle = setTimeout(() => {
      const worker = this.#worker;
      this.#worker = undefined;
      worker?.terminate().catch((error) => {
        const facts = { error: explain(error) };
        this.#options.log("warning", "the thread that reads the audit log did not end", facts);
      });
    }, idleMs).unref();
  }
}
