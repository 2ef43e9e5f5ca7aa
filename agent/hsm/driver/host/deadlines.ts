/**
 * Ends this process when a call that waits on another thread is late: nothing else frees a thread that
 * hangs in a module. Calls on this thread are watched from outside.
 */
import type { Lane, OperationName } from "../wire/operations.ts";

const lookMs = 250;
/** Making keys and tokens. */
export const slowSeconds = 60;

interface Running {
  name: OperationName;
  until: number;
}

export class Deadlines {
  readonly #milliseconds: number;
  readonly #late: (name: OperationName) => void;
  readonly #running = new Set<Running>();
  #timer: NodeJS.Timeout | undefined;

  constructor(seconds: number, late: (name: OperationName) => void) {
    this.#milliseconds = seconds * 1000;
    this.#late = late;
  }

  begin(name: OperationName, lane: Lane): Running {
    const allowed = lane === "making" ? slowSeconds * 1000 : this.#milliseconds;
    const running = { name, until: performance.now() + allowed };
    this.#running.add(running);
    this.#timer ??= setInterval(() => this.#look(), lookMs);
    return running;
  }

  end(running: Running): void {
    this.#running.delete(running);
  }

  #look(): void {
    if (this.#running.size === 0) {
      clearInterval(this.#timer);
      this.#timer = undefined;
      return;
    }
    const now = performance.now();
    for (const { name, until } of this.#running) {
      if (until < now) this.#late(name);
    }
  }
}
