/** A module gives so many sessions and no more: who finds none free waits in line for one. */
import { DriverError } from "../types.ts";
import { isCkr } from "./failures.ts";

/** Of sessions that other programs have, nothing tells when one is free. In milliseconds. */
const lookMs = 50;

/** Tells those who wait that a session was given back, whichever token's. */
export class Returns {
  readonly #wakes = new Set<() => void>();

  tell(): void {
    for (const wake of this.#wakes) wake();
  }

  /** The next one, or a short while. */
  next(): Promise<void> {
    return new Promise((resolve) => {
      const wake = () => {
        clearTimeout(timer);
        this.#wakes.delete(wake);
        resolve();
      };
      const timer = setTimeout(wake, lookMs);
      this.#wakes.add(wake);
    });
  }
}

/** Those who wait for a session of one token, one behind the other. */
export class SessionLine {
  readonly #returns: Returns;
  readonly #mostMs: number;
  #last: Promise<void> = Promise.resolve();
  #waiting = 0;

  /** @param mostMs how long one waits; less than the deadline of a call, which ends the process */
  constructor(returns: Returns, mostMs: number) {
    this.#returns = returns;
    this.#mostMs = mostMs;
  }

  /**
   * @param open throws CKR_SESSION_COUNT while there is none
   * @param makeRoom whether it ended a session that nobody needs, so that there may be one now
   * @throws DriverError busy
   */
  take<T>(open: () => T, makeRoom: () => boolean): T | Promise<T> {
    if (this.#waiting === 0) {
      try {
        return open();
      } catch (error) {
        if (!isNoSession(error)) throw error;
      }
    }
    return this.#wait(open, makeRoom);
  }

  async #wait<T>(open: () => T, makeRoom: () => boolean): Promise<T> {
    const until = performance.now() + this.#mostMs;
    const before = this.#last;
    let done = () => {};
    this.#last = new Promise((resolve) => {
      done = resolve;
    });
    this.#waiting += 1;
    try {
      await before;
      for (;;) {
        try {
          return open();
        } catch (error) {
          if (!isNoSession(error)) throw error;
        }
        if (makeRoom()) continue;
        if (performance.now() >= until) {
          throw new DriverError("busy", "the module has no free session", "CKR_SESSION_COUNT");
        }
        await this.#returns.next();
      }
    } finally {
      this.#waiting -= 1;
      done();
    }
  }
}

const isNoSession = (error: unknown) => isCkr(error, "CKR_SESSION_COUNT");
