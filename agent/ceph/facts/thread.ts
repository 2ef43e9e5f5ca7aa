/**
 * The thread that has the facts: megabytes of JSON are taken apart and looked through there, and the
 * agent's own loop is not held. It begins with the first question and ends when nobody asks.
 */
import { Worker } from "node:worker_threads";
import { DsecosError, type ErrorCode } from "../../bus/errors.ts";
import { EncodedDocument } from "../../bus/validate.ts";
import type { FactName } from "./sources.ts";

export interface FactMessage {
  name: FactName;
  at: string;
  bytes: Uint8Array;
}

export interface Request {
  id: number;
  question: string;
  ask: unknown;
  /** Whether the answer is wanted as JSON. */
  encoded: boolean;
  problems: Partial<Record<FactName, string>>;
}

export type ToThread = { fact: FactMessage } | { request: Request };
export type Reply = { id: number } & (
  | { answer: unknown }
  | { json: string }
  | { code: ErrorCode; message: string }
  | { failed: string }
);

/** For V8: 100,000 placement groups and 4,320 OSDs are a third of it. */
const limits = { maxOldGenerationSizeMb: 384, maxYoungGenerationSizeMb: 32 };
const idleMs = 120_000;

const tooLarge =
  "What the cluster says of itself takes more memory than the agent has for it; tell its developers how large it is.";

interface Pending {
  resolve: (answer: unknown) => void;
  reject: (error: Error) => void;
}

export class FactsThread {
  readonly #program: URL;
  /** Told when all that the thread had is lost. */
  readonly #lost: () => void;
  readonly #pending = new Map<number, Pending>();
  #worker: Worker | undefined;
  #idle: NodeJS.Timeout | undefined;
  #lastId = 0;

  constructor(program: URL, lost: () => void) {
    this.#program = program;
    this.#lost = lost;
  }

  /** The bytes are handed over: nobody else can read them afterwards. */
  put(fact: FactMessage): void {
    const { buffer, byteLength } = fact.bytes;
    const own = buffer.byteLength === byteLength && buffer instanceof ArrayBuffer;
    const message: ToThread = { fact };
    this.#running().postMessage(message, own ? [buffer] : []);
  }

  /** @throws DsecosError */
  ask(request: Omit<Request, "id">): Promise<unknown> {
    this.#lastId += 1;
    const id = this.#lastId;
    const worker = this.#running();
    return new Promise((resolve, reject) => {
      this.#pending.set(id, { resolve, reject });
      const message: ToThread = { request: { ...request, id } };
      worker.postMessage(message);
    });
  }

  #running(): Worker {
    clearTimeout(this.#idle);
    this.#idle = setTimeout(() => this.#rest(), idleMs).unref();
    if (this.#worker !== undefined) return this.#worker;
    const worker = new Worker(this.#program, { resourceLimits: limits });
    this.#worker = worker;
    worker.unref();
    worker.on("message", (reply: Reply) => this.#hear(reply));
    worker.on("error", (error: NodeJS.ErrnoException) => {
      const full = error.code === "ERR_WORKER_OUT_OF_MEMORY";
      const cause = { cause: error };
      this.#end(worker, full ? new DsecosError("Unavailable", tooLarge, cause) : error);
    });
    worker.on("exit", () => this.#end(worker, new Error("the thread with Ceph's facts broke off")));
    return worker;
  }

  #hear(reply: Reply): void {
    const pending = this.#pending.get(reply.id);
    this.#pending.delete(reply.id);
    if ("answer" in reply) pending?.resolve(reply.answer);
    else if ("json" in reply) pending?.resolve(new EncodedDocument(reply.json));
    else if ("code" in reply) pending?.reject(new DsecosError(reply.code, reply.message));
    else pending?.reject(new Error(reply.failed));
  }

  #end(worker: Worker, error: Error): void {
    if (worker !== this.#worker) return;
    this.#worker = undefined;
    const pending = [...this.#pending.values()];
    this.#pending.clear();
    this.#lost();
    for (const { reject } of pending) reject(error);
  }

  /** Its memory is given back while nobody looks. */
  #rest(): void {
    if (this.#pending.size === 0) void this.close();
  }

  async close(): Promise<void> {
    clearTimeout(this.#idle);
    const worker = this.#worker;
    if (worker === undefined) return;
    this.#end(worker, new DsecosError("Unavailable", "The agent is being stopped."));
    await worker.terminate();
  }
}
