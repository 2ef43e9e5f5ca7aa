/**
 * When which request is done. Fast ones take turns: one at a time where the module is called on this
 * thread, as many as the module may have at once where it is called on others. Slow ones (making keys)
 * have a line of their own. Between pieces of work everybody else of this process gets a turn.
 */

const sliceMs = 4;
const mostSlow = 2;

export interface Job {
  readonly slow: boolean;
  run(): Promise<void>;
}

export class JobQueue {
  readonly #limit: number;
  /** After a slice of work, and when nothing is left to do. */
  readonly #pause: () => void;
  #fast: Job[] = [];
  #next = 0;
  readonly #slow: Job[] = [];
  #running = 0;
  #slowRunning = 0;
  #pumping = false;
  #waiting = false;

  constructor(limit: number, pause: () => void) {
    this.#limit = limit;
    this.#pause = pause;
  }

  add(job: Job): void {
    if (job.slow) this.#slow.push(job);
    else this.#fast.push(job);
  }

  /** Begins what may begin. */
  pump(): void {
    while (this.#slowRunning < mostSlow) {
      const job = this.#slow.shift();
      if (job === undefined) break;
      void this.#runSlow(job);
    }
    if (!this.#pumping && !this.#waiting) void this.#pumpFast();
  }

  async #runSlow(job: Job): Promise<void> {
    this.#slowRunning += 1;
    await job.run();
    this.#slowRunning -= 1;
    this.#pause();
    this.pump();
  }

  async #pumpFast(): Promise<void> {
    this.#pumping = true;
    const began = performance.now();
    while (this.#next < this.#fast.length && this.#running < this.#limit) {
      const job = this.#fast[this.#next++] as Job;
      if (this.#limit === 1) await this.#runFast(job);
      else void this.#runBeside(job);
      if (performance.now() - began > sliceMs) {
        this.#breathe();
        break;
      }
    }
    if (this.#next === this.#fast.length) {
      this.#fast = [];
      this.#next = 0;
    }
    this.#pumping = false;
    this.#pause();
  }

  async #runFast(job: Job): Promise<void> {
    this.#running += 1;
    await job.run();
    this.#running -= 1;
  }

  async #runBeside(job: Job): Promise<void> {
    await this.#runFast(job);
    if (!this.#pumping && !this.#waiting) void this.#pumpFast();
  }

  #breathe(): void {
    this.#waiting = true;
    setImmediate(() => {
      this.#waiting = false;
      this.pump();
    });
  }
}
