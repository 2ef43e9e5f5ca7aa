import type { Finding, Mechanism, Outcome, PoolVerdict } from "./verdict.ts";

/** Kept of each pool. */
const most = 20;

type Part = keyof PoolVerdict["parts"];

const partOf: Partial<Record<Mechanism, Part>> = {
  rule: "rule",
  rbd: "exits",
  cephfs: "exits",
  rgw: "exits",
  client: "exits",
};

/** What speaks against one pool, counted whole and kept in part. */
export class Findings {
  readonly #kept = { violates: [] as Finding[], unknown: [] as Finding[] };
  readonly #totals: Partial<Record<Mechanism, number>> = {};
  readonly #parts: PoolVerdict["parts"] = { rule: "proven", copies: "proven", exits: "proven" };
  #total = 0;

  /** Only the kept ones are worth the work of words. */
  add(
    effect: Finding["effect"],
    mechanism: Mechanism,
    tell: () => Omit<Finding, "effect" | "mechanism">,
  ): void {
    this.#total++;
    this.#totals[mechanism] = (this.#totals[mechanism] ?? 0) + 1;
    const kept = this.#kept[effect];
    if (kept.length < most) kept.push({ effect, mechanism, ...tell() });
    for (const part of this.#concerned(mechanism)) {
      if (this.#parts[part] !== "violated") {
        this.#parts[part] = effect === "violates" ? "violated" : "unknown";
      }
    }
  }

  /** Where the pool or an input is not understood, nothing of it is known. */
  #concerned(mechanism: Mechanism): Part[] {
    if (mechanism === "map") return [];
    if (mechanism === "input" || mechanism === "pool") return ["rule", "copies", "exits"];
    return [partOf[mechanism] ?? "copies"];
  }

  result(): Pick<PoolVerdict, "verdict" | "parts" | "findings" | "totals" | "total"> {
    return {
      verdict: worst([
        ...Object.values(this.#parts),
        this.#totals.map === undefined ? "proven" : "unknown",
      ]),
      parts: { ...this.#parts },
      findings: [...this.#kept.violates, ...this.#kept.unknown].slice(0, most),
      totals: { ...this.#totals },
      total: this.#total,
    };
  }
}

export function worst(outcomes: readonly Outcome[]): Outcome {
  if (outcomes.includes("violated")) return "violated";
  return outcomes.includes("unknown") ? "unknown" : "proven";
}
