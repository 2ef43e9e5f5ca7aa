/**
 * Facts of the cluster, kept for a while: what is kept is answered from at once and read again behind
 * the answer, so that a page waits for Ceph but the first time.
 */
import { DsecosError } from "../../bus/errors.ts";
import { explain, type Log } from "../../log.ts";
import type { Ceph } from "../link/types.ts";
import { type AnswerOf, type AskOf, type QuestionName, questions } from "./questions.ts";
import { type FactName, oldestAges, type Source, sources } from "./sources.ts";
import { FactsThread } from "./thread.ts";

export const factsProgram = (): URL => new URL("ceph-facts.js", import.meta.url);

/** For so long a failure is told again while it is tried behind the answer. */
const failedMs = 10_000;
const quickMs = 2000;
const isQuick = (name: FactName) => sources[name].agesMs <= quickMs;

export interface KeeperParts {
  link: Ceph;
  log: Log;
  /** The thread's program; beside the agent's unless told. */
  program?: URL;
}

export class FactKeeper {
  readonly #parts: KeeperParts;
  readonly #thread: FactsThread;
  /** When what the thread has was asked for; in milliseconds of performance.now(). */
  readonly #known = new Map<FactName, number>();
  readonly #reading = new Map<FactName, Promise<void>>();
  readonly #failed = new Map<FactName, { at: number; error: DsecosError }>();
  #wasReady = false;
  /** Rises with every change in the cluster. */
  #generation = 0;

  constructor(parts: KeeperParts) {
    this.#parts = parts;
    this.#thread = new FactsThread(parts.program ?? factsProgram(), () => this.#known.clear());
  }

  /** @throws Unavailable with what to do while the cluster cannot be asked; Timeout, Denied */
  async ask<K extends QuestionName>(question: K, ask: AskOf<K>): Promise<AnswerOf<K>> {
    return (await this.#ask(question, ask, false)) as AnswerOf<K>;
  }

  /**
   * For who hands the answer on over the bus: large ones become JSON in the thread.
   * @returns an EncodedDocument, which stands for the answer. @throws as `ask` does
   */
  async document<K extends QuestionName>(question: K, ask: AskOf<K>): Promise<AnswerOf<K>> {
    return (await this.#ask(question, ask, true)) as AnswerOf<K>;
  }

  async #ask<K extends QuestionName>(
    question: K,
    ask: AskOf<K>,
    encoded: boolean,
  ): Promise<unknown> {
    const { needs, likes } = questions[question];
    const problems: Partial<Record<FactName, string>> = {};
    const { state, reason } = this.#parts.link.status();
    if (state !== "ready") throw new DsecosError("Unavailable", reason);
    await Promise.all([
      ...needs.map((name: FactName) => this.#fresh(name)),
      ...likes.map(async (name: FactName) => {
        try {
          await this.#fresh(name);
        } catch (error) {
          if (!(error instanceof DsecosError)) throw error;
          problems[name] = error.message;
        }
      }),
    ]);
    return this.#thread.ask({ question, ask, problems, encoded });
  }

  /** As {@link ask}, of what is read from now on alone. */
  askAnew<K extends QuestionName>(question: K, ask: AskOf<K>): Promise<AnswerOf<K>> {
    const { needs, likes } = questions[question];
    for (const name of [...needs, ...likes]) {
      this.#known.delete(name);
      this.#reading.delete(name);
    }
    return this.ask(question, ask);
  }

  /** Something changed in the cluster: what changes fast is not answered from before. */
  changed(): void {
    const isReady = this.#parts.link.status().state === "ready";
    this.#generation += 1;
    for (const name of [...this.#known.keys(), ...this.#reading.keys()]) {
      if (isReady && !isQuick(name)) continue;
      this.#known.delete(name);
      this.#reading.delete(name);
    }
    // What the link lost failed with it, and need not again.
    if (!isReady || !this.#wasReady) this.#failed.clear();
    this.#wasReady = isReady;
  }

  async #fresh(name: FactName): Promise<void> {
    const { agesMs } = sources[name];
    const now = performance.now();
    const age = now - (this.#known.get(name) ?? Number.NEGATIVE_INFINITY);
    const failed = this.#failed.get(name);
    // One that just took its whole time is not waited for again.
    const isFailing = failed !== undefined && now - failed.at < failedMs;
    if (age > agesMs * oldestAges && !isFailing) return this.#read(name);
    if (age > agesMs && !this.#reading.has(name)) {
      this.#read(name).catch((error) => {
        if (!(error instanceof DsecosError)) {
          this.#parts.log("error", "Ceph could not be asked", { name, error: explain(error) });
        }
      });
    }
    if (isFailing) throw failed.error;
  }

  #read(name: FactName): Promise<void> {
    const running = this.#reading.get(name);
    if (running !== undefined) return running;
    const reading = this.#readNow(name, this.#generation).finally(() => {
      if (this.#reading.get(name) === reading) this.#reading.delete(name);
    });
    this.#reading.set(name, reading);
    return reading;
  }

  async #readNow(name: FactName, generation: number): Promise<void> {
    const { to, prefix, args }: Source = sources[name];
    const began = performance.now();
    const at = new Date().toISOString();
    try {
      const bytes = await this.#parts.link.text(to, prefix, args);
      this.#thread.put({ name, at, bytes });
      this.#failed.delete(name);
      // What was asked before the change may be from before it.
      if (generation === this.#generation || !isQuick(name)) this.#known.set(name, began);
    } catch (error) {
      this.#known.delete(name);
      if (error instanceof DsecosError) this.#failed.set(name, { at: performance.now(), error });
      throw error;
    }
  }

  close(): Promise<void> {
    return this.#thread.close();
  }
}
