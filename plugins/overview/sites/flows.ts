/** What flows between jurisdictions: copies of pools by their rules, and what leaves the cluster. */
import type { PoolDetail } from "../../../agent/ceph/pools/answers.ts";
import type { Finding, Verdict as Proof } from "../../../agent/ceph/residency/verdict.ts";
import type { Check } from "../../../agent/node/contract.ts";
import { _, format } from "../../lib/i18n.ts";

/**
 * `copies`: copies may lie there, and that is allowed. `forbidden`: they may, and must not. `unsaid`: they
 * may, and nobody said whether they must not. `none`: the rule can choose nothing there. `unknown`: what the
 * rule can choose is not known whole.
 */
export type Cell = "copies" | "forbidden" | "unsaid" | "none" | "unknown";

export interface Flow {
  pool: string;
  verdict: Check["verdict"];
  proved: PoolDetail["verdict"];
  /** In the order of the jurisdictions. */
  cells: Cell[];
  /** The first and the last of them that have something in them; both -1 where none has. */
  from: number;
  to: number;
}

/** Only what was proved is good, and only while the proof is the newest. */
export function checkOf(proved: PoolDetail["verdict"]): Check["verdict"] {
  if (proved === "proven") return "good";
  return proved === "violated" ? "bad" : "unknown";
}

const rank: Record<Check["verdict"], number> = { bad: 0, warning: 1, unknown: 2, good: 3 };

/** @param stale the proof is not of now, so that nothing is good by it. */
export function flowsOf(
  pools: readonly PoolDetail[],
  jurisdictions: readonly string[],
  stale: boolean,
): Flow[] {
  const flows = pools.map((pool): Flow => {
    const proved = stale ? "never" : pool.verdict;
    const cells = jurisdictions.map((name) => cellOf(pool, name));
    const has = cells.map((cell) => cell !== "none" && cell !== "unknown");
    return {
      ...{ pool: pool.name, verdict: checkOf(proved), proved, cells },
      ...{ from: has.indexOf(true), to: has.lastIndexOf(true) },
    };
  });
  const byName = new Intl.Collator("en", { numeric: true });
  return flows.sort(
    (one, other) => rank[one.verdict] - rank[other.verdict] || byName.compare(one.pool, other.pool),
  );
}

function cellOf({ jurisdictions, certain, allowed }: PoolDetail, name: string): Cell {
  if (!jurisdictions.includes(name)) return certain ? "none" : "unknown";
  if (allowed.length === 0) return "unsaid";
  return allowed.includes(name) ? "copies" : "forbidden";
}

const ways: readonly Finding["mechanism"][] = ["rbd", "cephfs", "rgw", "client"];

export interface Exit {
  pool: string;
  verdict: Check["verdict"];
  sentence: string;
}

/** What the prover found that leaves, or may leave; what is certain before the rest. */
export function exitsOf({ pools }: Pick<Proof, "pools">): Exit[] {
  const exits = pools.flatMap(({ pool, parts, findings }): Exit[] => {
    const found = findings
      .filter(({ mechanism }) => ways.includes(mechanism))
      .map(({ effect, sentence }): Exit => {
        return { pool, verdict: effect === "violates" ? "bad" : "unknown", sentence };
      });
    if (found.length > 0 || parts.exits === "proven") return found;
    // Of many findings the first ones are told, and these may be about something else.
    const sentence = format(_("That nothing of $0 is sent elsewhere is not proven."), pool);
    return [{ pool, verdict: parts.exits === "violated" ? "bad" : "unknown", sentence }];
  });
  return exits.sort((one, other) => rank[one.verdict] - rank[other.verdict]);
}

/** Whether it was proved of every pool that nothing of it is sent elsewhere. */
export function nothingLeaves({ pools, undemanded }: Pick<Proof, "pools" | "undemanded">): boolean {
  const proved = pools.every(({ parts }) => parts.exits === "proven");
  return pools.length > 0 && undemanded.length === 0 && proved;
}
