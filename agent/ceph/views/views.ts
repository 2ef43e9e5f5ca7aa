/** Reads what a question needs unless it was read just now, and lets the thread answer. */
import { Worker } from "node:worker_threads";
import { DsecosError } from "../../bus/errors.ts";
import { forEachBounded } from "../../tenants/locks.ts";
import type { Ceph } from "../link/types.ts";
import { type FactName, facts, settingsCommand } from "./facts.ts";
import type { Put, QuestionName, Questions, Reply, Request } from "./thread.ts";

/** For V8; with 4,320 OSDs it holds about 60 MB. */
const resourceLimits = { maxOldGenerationSizeMb: 256, maxYoungGenerationSizeMb: 16 };
/** The thread ends when nobody asked for so long, and what it holds is given back. */
const idleMs = 120_000;
const width = 8;
/** Daemons that one question asks for their settings; the next one goes on with the others. */
const mostAsked = 500;

const needs: Record<QuestionName, readonly FactName[]> = {
  topology: ["osdDump", "crushDump", "osdDf", "osdPerf"],
  capacity: ["osdDump", "crushDump", "osdDf", "osdPerf", "df"],
  daemons: ["osdDump", "monDump", "mgrDump", "fsDump"],
  encryption: [
    ...(["osdDump", "osdMetadata", "keyNames", "monDump", "monMetadata", "mgrDump"] as const),
    ...(["mgrMetadata", "fsDump", "mdsMetadata", "services"] as const),
  ],
};

interface Waiting {
  resolve: (answer: never) => void;
  reject: (error: Error) => void;
}

export const viewsProgram = (): URL => new URL("ceph-views.js", import.meta.url);

export class Views {
  readonly #link: Ceph;
  readonly #program: URL;
  #worker: Worker | undefined;
  #idle: NodeJS.Timeout | undefined;
  #waiting = new Map<number, Waiting>();
  #next = 1;
  /** When each was put, by the monotonic clock. */
  #put = new Map<Put["fact"], number>();
  /** Reads on their way, so that two questions at once read once. */
  #reading = new Map<Put["fact"], Promise<Put>>();

  constructor(link: Ceph, program: URL = viewsProgram()) {
    this.#link = link;
    this.#program = program;
  }

  /** Something changed in the cluster: what is kept is not told any more, settings excepted. */
  stale(): void {
    for (const name of Object.keys(facts) as FactName[]) this.#put.delete(name);
  }

  /** @throws Unavailable, Timeout, Denied as the cluster is; NotFound, InvalidArgument of filters */
  async ask<K extends QuestionName>(
    kind: K,
    ask: Questions[K]["ask"],
  ): Promise<Questions[K]["answer"]> {
    const { state, reason } = this.#link.status();
    if (state !== "ready") throw new DsecosError("Unavailable", reason);
    const puts = await Promise.all(
      needs[kind]
        .filter((name) => this.#isOld(name, facts[name].keptMs))
        .map((name) => {
          const { to, prefix, ...rest } = facts[name];
          return this.#read(name, () =>
            this.#link.text(to, prefix, "args" in rest ? rest.args : {}),
          );
        }),
    );
    return await this.#send(kind, ask, puts);
  }

  /** What each daemon runs with, of those that were asked longest ago. */
  async askSettings(): Promise<void> {
    const names = await this.ask("daemons", {});
    const { to, prefix, keptMs } = settingsCommand;
    const old = names
      .filter((name) => this.#isOld(`settings ${name}`, keptMs))
      .toSorted((one, other) => this.#putAt(one) - this.#putAt(other))
      .slice(0, mostAsked);
    const puts: Put[] = [];
    await forEachBounded(old, width, async (name) => {
      puts.push(
        await this.#read(`settings ${name}`, () => this.#link.text(to, prefix, { who: name })),
      );
    });
    if (puts.length > 0) await this.#send("daemons", {}, puts);
  }

  async close(): Promise<void> {
    clearTimeout(this.#idle);
    await this.#worker?.terminate();
  }

  #putAt(name: string): number {
    return this.#put.get(`settings ${name}`) ?? 0;
  }

  #isOld(fact: Put["fact"], keptMs: number): boolean {
    const at = this.#put.get(fact);
    return at === undefined || performance.now() - at > keptMs;
  }

  #read(fact: Put["fact"], read: () => Promise<Uint8Array>): Promise<Put> {
    const reading = this.#reading.get(fact);
    if (reading !== undefined) return reading;
    const at = new Date().toISOString();
    const promise = read()
      .then(
        (bytes): Put => ({ fact, at, bytes, why: "" }),
        (error: unknown): Put => {
          if (!(error instanceof DsecosError)) throw error;
          return { fact, at, bytes: null, why: error.message };
        },
      )
      .finally(() => this.#reading.delete(fact));
    this.#reading.set(fact, promise);
    return promise;
  }

  #send<K extends QuestionName>(
    kind: K,
    ask: Questions[K]["ask"],
    put: readonly Put[],
  ): Promise<Questions[K]["answer"]> {
    const worker = this.#running();
    const now = performance.now();
    // What could not be read is asked again with the next question.
    for (const { fact, bytes } of put) if (bytes !== null) this.#put.set(fact, now);
    const id = this.#next++;
    const request: Request = { id, put, kind, ask };
    return new Promise((resolve, reject) => {
      this.#waiting.set(id, { resolve, reject });
      worker.postMessage(request);
    });
  }

  #running(): Worker {
    clearTimeout(this.#idle);
    this.#idle = setTimeout(() => void this.#worker?.terminate(), idleMs).unref();
    if (this.#worker !== undefined) return this.#worker;
    const worker = new Worker(this.#program, { resourceLimits });
    this.#worker = worker;
    worker.unref();
    worker.on("message", (reply: Reply) => {
      const waiting = this.#waiting.get(reply.id);
      this.#waiting.delete(reply.id);
      if ("answer" in reply) waiting?.resolve(reply.answer as never);
      else waiting?.reject(new DsecosError(reply.code, reply.message));
    });
    let cause: Error | undefined;
    worker.on("error", (error) => {
      cause = error;
    });
    worker.on("exit", () => {
      this.#worker = undefined;
      this.#put.clear();
      const lost = this.#waiting;
      this.#waiting = new Map();
      for (const { reject } of lost.values()) {
        reject(
          cause ??
            new DsecosError("Unavailable", "What was read of the cluster is read anew; ask again."),
        );
      }
    });
    return worker;
  }
}
