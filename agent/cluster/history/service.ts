/**
 * What changed on all nodes, and their load over the last hour, by what this node hears of them anyway.
 * Kept in memory alone: what people did is in the audit log, and this is no second one.
 */
import type { ClusterStatus } from "../answers.ts";
import type { HistoryAnswer, HistoryFilter } from "./answers.ts";
import { Changes } from "./changes.ts";
import { differences, type Standing, standingOf } from "./compare.ts";
import { Trends } from "./trends.ts";

type View = Pick<ClusterStatus, "node" | "state" | "nodes">;

const came = { what: "member", key: "", of: "", before: "", after: "member" } as const;
const left = { ...came, before: "member", after: "" } as const;

export class History {
  readonly #known = new Map<string, Standing>();
  readonly #changes = new Changes();
  readonly #trends = new Trends();
  readonly #since = new Date().toISOString();
  #own = "";
  #wasCluster = false;

  /** Takes all nodes as they are now. @param now monotonic, in milliseconds */
  see({ node, state, nodes }: View, now = performance.now()): void {
    const at = new Date().toISOString();
    this.#takeName(node, state);
    this.#trends.advance(now);
    // Who joins a cluster hears of all its members at once, of which none came.
    const isOld = this.#wasCluster && state === "cluster";
    const names = new Set<string>();
    for (const row of nodes) {
      const name = row.state === "own" ? this.#own : row.name;
      names.add(name);
      const before = this.#known.get(name);
      const after = standingOf(row, before);
      this.#known.set(name, after);
      if (before === undefined) {
        if (isOld) this.#changes.note(name, came, now, at);
      } else {
        for (const one of differences(before, after)) this.#changes.note(name, one, now, at);
      }
      if (after.presence === "heard" && row.facts !== null) this.#trends.take(name, row.facts.load);
    }
    for (const name of this.#known.keys()) {
      if (names.has(name)) continue;
      this.#known.delete(name);
      this.#trends.forget(name);
      if (isOld) this.#changes.note(name, left, now, at);
    }
    if (state !== "noIncus") this.#wasCluster = state === "cluster";
  }

  /** In a cluster a node may have another name than its host; while Incus is away nobody tells which. */
  #takeName(node: string, state: View["state"]): void {
    if (node === this.#own || (state === "noIncus" && this.#own !== "")) return;
    const known = this.#known.get(this.#own);
    this.#known.delete(this.#own);
    if (known !== undefined) this.#known.set(node, known);
    this.#trends.rename(this.#own, node);
    this.#own = node;
  }

  answer(filter: HistoryFilter): HistoryAnswer {
    return {
      at: new Date().toISOString(),
      node: this.#own,
      since: this.#since,
      nodes: [...new Set([...this.#known.keys(), ...this.#changes.nodes])].sort(),
      ...this.#changes.page(filter),
      trends: this.#trends.list(filter.node),
    };
  }
}
