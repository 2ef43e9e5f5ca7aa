/**
 * Placement groups in columns: a hundred thousand of them as objects take ten times the memory, and
 * several times as long to look through.
 */
import { NotUnderstood } from "./shape.ts";

/** One group, in cells that others share. */
export interface Pg {
  /** Its number within the pool. */
  seed: number;
  state: string;
  upPrimary: number;
  actingPrimary: number;
  cells: Int32Array;
  /** Up is at `up` to before `acting`, acting from there to before `end`. */
  up: number;
  acting: number;
  end: number;
}

/** Before the OSDs of a row: seed, number of its state, length of up and of both, their primaries. */
const head = 6;
const mostStates = 10_000;

export class PgTable {
  #cells = new Int32Array(1 << 16);
  #used = 0;
  #count = 0;
  /** Where rows begin, by pool. */
  readonly #pools = new Map<number, number[]>();
  readonly #states: string[] = [];
  readonly #stateNumbers = new Map<string, number>();

  get count(): number {
    return this.#count;
  }

  /** @returns what stands for it in a row */
  stateNumber(state: string): number {
    let number = this.#stateNumbers.get(state);
    if (number === undefined) {
      if (this.#states.length === mostStates) {
        throw new NotUnderstood(`placement groups have more than ${mostStates} states`);
      }
      number = this.#states.push(state) - 1;
      this.#stateNumbers.set(state, number);
    }
    return number;
  }

  /**
   * Adds a group; all numbers have 32 bits.
   * @param osds those of up, then those of acting; the list is read, not kept
   * @param ups how many of them are of up
   */
  add(
    pool: number,
    seed: number,
    state: number,
    osds: readonly number[],
    ups: number,
    upPrimary: number,
    actingPrimary: number,
  ): void {
    const at = this.#used;
    const end = at + head + osds.length;
    if (end > this.#cells.length) {
      const cells = new Int32Array(Math.max(this.#cells.length * 2, end));
      cells.set(this.#cells);
      this.#cells = cells;
    }
    const cells = this.#cells;
    cells[at] = seed;
    cells[at + 1] = state;
    cells[at + 2] = ups;
    cells[at + 3] = osds.length;
    cells[at + 4] = upPrimary;
    cells[at + 5] = actingPrimary;
    for (let index = 0; index < osds.length; index++) {
      cells[at + head + index] = osds[index] as number;
    }
    this.#used = end;
    this.#count++;
    const of = this.#pools.get(pool);
    if (of === undefined) this.#pools.set(pool, [at]);
    else of.push(at);
  }

  pools(): Iterable<number> {
    return this.#pools.keys();
  }

  /** Those of one pool; what `visit` gets is the same object each time. */
  each(pool: number, visit: (pg: Pg) => void): void {
    const cells = this.#cells;
    const pg: Pg = {
      ...{ seed: 0, state: "", upPrimary: 0, actingPrimary: 0 },
      ...{ cells, up: 0, acting: 0, end: 0 },
    };
    for (const at of this.#pools.get(pool) ?? []) {
      pg.seed = (cells[at] as number) >>> 0;
      pg.state = this.#states[cells[at + 1] as number] as string;
      pg.up = at + head;
      pg.acting = pg.up + (cells[at + 2] as number);
      pg.end = pg.up + (cells[at + 3] as number);
      pg.upPrimary = cells[at + 4] as number;
      pg.actingPrimary = cells[at + 5] as number;
      visit(pg);
    }
  }

  /** @throws NotUnderstood where a group is there twice */
  refuseTwice(): void {
    for (const [pool, rows] of this.#pools) {
      const seeds = Uint32Array.from(rows, (at) => this.#cells[at] as number).sort();
      for (let index = 1; index < seeds.length; index++) {
        const seed = seeds[index] as number;
        if (seed === seeds[index - 1]) {
          throw new NotUnderstood(`${pgName(pool, seed)} is there twice`);
        }
      }
    }
  }
}

export function pgName(pool: number, seed: number): string {
  return `${pool}.${seed.toString(16)}`;
}
