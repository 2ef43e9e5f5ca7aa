/** Long work in short turns, so that the agent answers calls in between. */
import { setImmediate as nextTurn } from "node:timers/promises";

/** Milliseconds of work before others get their turn. */
const mostMs = 4;

export class Slices {
  #since = performance.now();

  /** @returns undefined while the turn is short, else a promise to wait for. */
  rest(): Promise<void> | undefined {
    if (performance.now() - this.#since < mostMs) return undefined;
    return this.#next();
  }

  async #next(): Promise<void> {
    await nextTurn();
    this.#since = performance.now();
  }
}
