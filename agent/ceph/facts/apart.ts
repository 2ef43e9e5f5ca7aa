/**
 * Questions that take seconds in a large cluster, each in a thread of its own that ends with it: pages
 * are answered meanwhile, and its memory is given back. One at a time, since each takes a processor and
 * hundreds of megabytes; those who wait for their turn wait no longer than for an answer.
 */
import { DsecosError } from "../../bus/errors.ts";
import { FactKeeper, type KeeperParts } from "./keeper.ts";
import type { AnswerOf, AskOf, QuestionName } from "./questions.ts";

/** Below what callers wait, so that they are told why. */
const mostMs = 50_000;

export interface ApartParts extends KeeperParts {
  /** How long an answer may take, with the wait for its turn; in milliseconds. */
  mostMs?: number;
}

export class ApartFacts {
  readonly #parts: ApartParts;
  readonly #stopping = new AbortController();
  /** Settles when whoever came last has ended. */
  #turn: Promise<unknown> = Promise.resolve();

  constructor(parts: ApartParts) {
    this.#parts = parts;
  }

  /**
   * Of what is read for it alone.
   * @throws DsecosError as {@link FactKeeper.ask} does, and Timeout where it takes too long
   */
  ask<K extends QuestionName>(question: K, ask: AskOf<K>): Promise<AnswerOf<K>> {
    const ends = new AbortController();
    const most = this.#parts.mostMs ?? mostMs;
    const timer = setTimeout(() => ends.abort(tooLong(most)), most);
    const stop = AbortSignal.any([ends.signal, this.#stopping.signal]);
    const work = this.#turn.then(() => this.#work(question, ask, stop));
    this.#turn = work.catch(() => undefined); // Whoever asked for it hears of it.
    return Promise.race([work, rejection(stop)]).finally(() => clearTimeout(timer));
  }

  async #work<K extends QuestionName>(
    question: K,
    ask: AskOf<K>,
    stop: AbortSignal,
  ): Promise<AnswerOf<K>> {
    stop.throwIfAborted();
    const facts = new FactKeeper(this.#parts);
    try {
      return await Promise.race([facts.ask(question, ask), rejection(stop)]);
    } finally {
      await facts.close();
    }
  }

  async close(): Promise<void> {
    this.#stopping.abort(new DsecosError("Unavailable", "The agent is being stopped."));
    await this.#turn;
  }
}

function rejection(signal: AbortSignal): Promise<never> {
  return new Promise((_resolve, reject) => {
    if (signal.aborted) reject(signal.reason);
    signal.addEventListener("abort", () => reject(signal.reason), { once: true });
  });
}

function tooLong(milliseconds: number): DsecosError {
  const what = `It was not computed within ${milliseconds / 1000} s, since the cluster is large, or others had as much computed at the same time; ask again in a minute.`;
  return new DsecosError("Timeout", what);
}
