/** How many answers one person gets in a while: each is a signature, and an entry of the audit log. */

/** In a window of so many milliseconds. */
const windowMs = 60_000;
const most = 600;

export class Pace {
  readonly #now: () => number;
  readonly #windows = new Map<number, { since: number; given: number }>();

  constructor(now: () => number) {
    this.#now = now;
  }

  /** @returns whether this person may have one more now; it is counted if so */
  take(uid: number): boolean {
    const now = this.#now();
    for (const [one, { since }] of this.#windows) {
      if (now - since >= windowMs || now < since) this.#windows.delete(one);
    }
    const window = this.#windows.get(uid) ?? { since: now, given: 0 };
    this.#windows.set(uid, window);
    if (window.given >= most) return false;
    window.given += 1;
    return true;
  }
}
