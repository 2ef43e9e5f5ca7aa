/** Decides when numbers that do not come are looked for in auditd's log, and when they are lost. */

/** Looks at auditd's log for the same number before it counts as lost. */
const mostTries = 12;

export class Search {
  #seen: { first: number; until: number } | undefined;
  #tries = 0;

  get active(): boolean {
    return this.#seen !== undefined;
  }

  /**
   * To be told at each tick.
   * @param first the lowest number that is missing
   * @param high the highest that was seen
   * @returns up to where to look now; undefined when nothing was missing a moment ago already
   */
  tick(first: number | undefined, high: number): number | undefined {
    const before = this.#seen;
    if (first === undefined) {
      this.#seen = undefined;
      this.#tries = 0;
      return undefined;
    }
    if (before === undefined || first > before.until) {
      this.#seen = { first, until: high };
      this.#tries = 0;
      return undefined;
    }
    if (first !== before.first) {
      this.#seen = { first, until: before.until };
      this.#tries = 0;
    }
    return before.until;
  }

  /** @returns whether what was looked for in vain is lost */
  failed(): boolean {
    this.#tries += 1;
    return this.#tries >= mostTries;
  }
}
