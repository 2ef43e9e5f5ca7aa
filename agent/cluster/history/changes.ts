/** The newest changes of all nodes. What changes again and again is one of them, with how often. */
import { type Change, type HistoryAnswer, type HistoryFilter, mostChanges } from "./answers.ts";
import type { Difference } from "./compare.ts";

/** With less between, a change of the same thing is counted with the one before, in milliseconds. */
const inARowMs = 10 * 60_000;

interface Kept extends Change {
  key: string;
  /** When it was noted last, by the monotonic clock. */
  noted: number;
}

export class Changes {
  /** The oldest first. */
  readonly #all: Kept[] = [];
  /** The last of each thing of each node. */
  readonly #last = new Map<string, Kept>();
  readonly #perNode = new Map<string, number>();
  #sequence = 0;
  #forgotten = 0;

  /** @param now monotonic, in milliseconds. @param at the same for people */
  note(node: string, { what, key: thing, of, before, after }: Difference, now: number, at: string) {
    const key = `${node} ${what} ${thing}`;
    const last = this.#last.get(key);
    const isInARow = last !== undefined && now - last.noted < inARowMs;
    if (isInARow) this.#take(this.#all.indexOf(last));
    const sequence = ++this.#sequence;
    const [times, since] = isInARow ? [last.times + 1, last.since] : [1, at];
    const kept = { key, noted: now, sequence, at, node, what, of, before, after, times, since };
    this.#all.push(kept);
    this.#last.set(key, kept);
    this.#perNode.set(node, (this.#perNode.get(node) ?? 0) + 1);
    if (this.#all.length > mostChanges) this.#forgetOne();
  }

  /** The oldest of the node with most, so that no node takes the room of the others. */
  #forgetOne(): void {
    let [loudest, most] = ["", 0];
    for (const [node, count] of this.#perNode) if (count > most) [loudest, most] = [node, count];
    this.#take(this.#all.findIndex(({ node }) => node === loudest));
    this.#forgotten += 1;
  }

  #take(index: number): void {
    const [taken] = this.#all.splice(index, 1);
    if (taken === undefined) return;
    if (this.#last.get(taken.key) === taken) this.#last.delete(taken.key);
    const left = (this.#perNode.get(taken.node) ?? 1) - 1;
    if (left === 0) this.#perNode.delete(taken.node);
    else this.#perNode.set(taken.node, left);
  }

  get nodes(): Iterable<string> {
    return this.#perNode.keys();
  }

  /** The cursor is the last one before, since more come at the front. */
  page({
    node,
    cursor,
    limit,
  }: HistoryFilter): Pick<HistoryAnswer, "forgotten" | "total" | "next" | "changes"> {
    const found = this.#all.filter((one) => node === "" || one.node === node).reverse();
    const before = cursor === "" ? Number.POSITIVE_INFINITY : Number(cursor);
    const from = found.filter(({ sequence }) => sequence < before);
    const changes = from.slice(0, limit).map(({ key: _key, noted: _noted, ...change }) => change);
    const next = from.length > limit ? String(changes.at(-1)?.sequence) : "";
    return { forgotten: this.#forgotten, total: found.length, next, changes };
  }
}
