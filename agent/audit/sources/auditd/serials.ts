/**
 * Which serial numbers of the kernel's audit events were dealt with. The kernel counts each event
 * up by one from the start of the system, so a number that does not come tells of an event that was
 * lost on the way here.
 */

export class Serials {
  /** Every number up to this one is dealt with, durably. */
  #done: number;
  #high: number;
  /** In the log's hands, and not yet acknowledged. */
  readonly #taken = new Set<number>();
  readonly #settled = new Set<number>();

  /** @param done where to begin */
  constructor(done: number) {
    this.#done = done;
    this.#high = done;
  }

  get done(): number {
    return this.#done;
  }

  /** The highest number that was seen. */
  get high(): number {
    return this.#high;
  }

  /** @returns numbers that are dealt with out of order, or are on their way */
  get ahead(): number {
    return this.#taken.size + this.#settled.size;
  }

  see(serial: number): void {
    if (serial > this.#high) this.#high = serial;
  }

  /** Whether the event was dealt with, or is on its way into the log. */
  knows(serial: number): boolean {
    return serial <= this.#done || this.#taken.has(serial) || this.#settled.has(serial);
  }

  take(serial: number): void {
    this.see(serial);
    if (!this.knows(serial)) this.#taken.add(serial);
  }

  settle(serial: number): void {
    this.see(serial);
    this.#taken.delete(serial);
    if (serial <= this.#done) return;
    this.#settled.add(serial);
    while (this.#settled.delete(this.#done + 1)) this.#done += 1;
  }

  /** The lowest number that nobody knows about, up to the highest seen. */
  firstMissing(except: (serial: number) => boolean): number | undefined {
    for (let serial = this.#done + 1; serial <= this.#high; serial++) {
      if (!this.#taken.has(serial) && !this.#settled.has(serial) && !except(serial)) return serial;
    }
    return undefined;
  }

  /** @returns what is missing up to a number, as ranges */
  missing(until: number, except: (serial: number) => boolean): Range[] {
    const end = Math.min(until, this.#high);
    const ranges: Range[] = [];
    let serial = this.#done + 1;
    // After a long absence the numbers are many and the known ones few: their gaps are gone through
    // by the known ones.
    const known = [...this.#taken, ...this.#settled].sort((a, b) => a - b);
    for (const stop of [...known, end + 1]) {
      const last = Math.min(stop - 1, end);
      if (serial <= last) split({ first: serial, last }, except, ranges);
      serial = Math.max(serial, stop + 1);
    }
    return ranges;
  }

  /** Gives up a range, so that the numbers behind it count as done. */
  giveUp({ first, last }: Range): void {
    if (first === this.#done + 1 && last > this.#done) {
      this.#done = last;
      while (this.#settled.delete(this.#done + 1)) this.#done += 1;
      this.see(this.#done);
      return;
    }
    // Behind something that is still to come; such a range is never long.
    for (let serial = first; serial <= last; serial++) this.settle(serial);
  }
}

/** Longer ranges are taken whole: nothing of so many numbers is on its way any more. */
const mostLooks = 100_000;

function split(range: Range, except: (serial: number) => boolean, into: Range[]): void {
  if (range.last - range.first > mostLooks) {
    into.push(range);
    return;
  }
  let first: number | undefined;
  for (let serial = range.first; serial <= range.last + 1; serial++) {
    const out = serial > range.last || except(serial);
    if (!out) first ??= serial;
    else if (first !== undefined) {
      into.push({ first, last: serial - 1 });
      first = undefined;
    }
  }
}

export interface Range {
  first: number;
  last: number;
}
