import type { Violation, ViolationKind } from "./verdict.ts";

/** Counts violations and keeps the first ones of each kind. */
export class Findings {
  readonly totals: Partial<Record<ViolationKind, number>> = {};
  readonly list: Violation[] = [];
  readonly #keep: number;

  /** @param keep how many of each kind */
  constructor(keep: number) {
    this.#keep = keep;
  }

  get total(): number {
    return Object.values(this.totals).reduce((sum, count) => sum + count, 0);
  }

  /** @param describe called only while there is room for one more of the kind */
  add(kind: ViolationKind, describe: () => Omit<Violation, "kind">): void {
    const count = (this.totals[kind] ?? 0) + 1;
    this.totals[kind] = count;
    if (count <= this.#keep) this.list.push({ kind, ...describe() });
  }
}
