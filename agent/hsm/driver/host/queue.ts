/**
 * When which request is done. Fast ones take turns: one at a time where the module is called on this
 * thread, as many as the module may have at once where it is called on others. The rest has lines of
 * its own. Between pieces of work everybody else of this process gets a turn.
 */
import type { Lane } from "../wire/operations.ts";

const sliceMs = 4;
/** How many of each are under way at once. */
const most = { making: 2, computing: 4 };

export interface Job {
  readonly lane: Lane;
  run(): Promise<void>;
}

export class JobQueue {
  readonly #limit: number;
  /** After a slice of work, and when nothing is left to do. */
  readonly #pause: () => void;
  #fast: Job[] = [];
  #next = 0;
  readonly #others = { making: new Line(most.making), computing: new Line(most.computing) };
  #running = 0;
  #pumping = false;
  #waiting = false;
  #pausing = false;

  constructor(limit: number, pause: () => void) {
    this.#limit = limit;
    this.#pause = pause;
  }

  add(job: Job): void {
    if (job.lane === "fast") this.#fast.push(job);
    else this.#others[job.lane].add(job, this.#pause);
  }

  /** Begins what may begin. */
  pump(): void {
    if (!this.#pumping && !this.#waiting) void this.#pumpFast();
  }

  async #pumpFast(): Promise<void> {
    this.#pumping = true;
    const began = performance.now();
    while (this.#next < this.#fast.length && this.#running < this.#limit) {
      const job = this.#fast[this.#next++] as Job;
      if (this.#limit === 1) await this.#run(job);
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
    if (this.#limit === 1) this.#pause();
    else this.#pauseSoon();
  }

  /** Several threads are often done at about the same time: their answers leave together. */
  #pauseSoon(): void {
    if (this.#pausing) return;
    this.#pausing = true;
    setImmediate(() => {
      this.#pausing = false;
      this.#pause();
    });
  }

  async #run(job: Job): Promise<void> {
    this.#running += 1;
    await job.run();
    this.#running -= 1;
  }

  async #runBeside(job: Job): Promise<void> {
    await this.#run(job);
    this.pump();
  }

  #breathe(): void {
    this.#waiting = true;
    setImmediate(() => {
      this.#waiting = false;
      this.pump();
    });
  }
}

/** Jobs that wait for those before them. */
class Line {
  readonly #most: number;
  readonly #jobs: Job[] = [];
  #running = 0;

  constructor(most: number) {
    this.#most = most;
  }

  add(job: Job, done: () => void): void {
    this.#jobs.push(job);
    void this.#next(done);
  }

  async #next(done: () => void): Promise<void> {
    if (this.#running >= this.#most) return;
    this.#running += 1;
    for (let job = this.#jobs.shift(); job !== undefined; job = this.#jobs.shift()) {
      await job.run();
      done();
    }
    this.#running -= 1;
  }
}
