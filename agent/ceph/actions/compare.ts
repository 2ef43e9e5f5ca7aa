/** Where groups are now, beside where they were predicted to be. */
import type { ClusterFacts } from "../facts/facts.ts";
import { loadsOf } from "./load.ts";
import { difference, groupOf, type Placed, padded } from "./moves.ts";

interface Ask {
  before: readonly Placed[];
  after: readonly Placed[];
}

export interface Compared {
  same: number;
  different: number;
  differing: string[];
  movedGroups: number;
  movedKiB: number;
}

const mostDiffering = 20;
const replicated = 1;

function isSame({ type }: Placed, one: readonly number[], other: readonly number[]): boolean {
  const { gained, lost } = difference(type, one, other);
  return gained.length === 0 && lost.length === 0;
}

function answer(facts: ClusterFacts, { before, after }: Ask): Compared {
  const { pg_stats } = facts.need("pgs");
  const pools = facts.need("osdmap");
  const loads = loadsOf(facts);
  const compared: Compared = { same: 0, different: 0, differing: [], movedGroups: 0, movedKiB: 0 };
  let bytes = 0;
  const at = new Map(before.map(({ pool }, index) => [pool, index]));
  const kinds = new Map(pools.pools.map((pool) => [pool.pool, pool]));
  for (const { pgid, up } of pg_stats) {
    const [pool = "", group = ""] = pgid.split(".");
    const index = at.get(Number(pool));
    const kind = kinds.get(Number(pool));
    // Of a pool that was made or removed since.
    if (index === undefined || kind === undefined) continue;
    const [was, expected] = [before[index] as Placed, after[index] as Placed];
    const is = padded(up, was.size);
    const old = groupOf(was, Number.parseInt(group, 16));
    const { gained } = difference(was.type, old, is);
    if (!isSame(was, old, is)) compared.movedGroups += 1;
    if (isSame(was, groupOf(expected, Number.parseInt(group, 16)), is)) compared.same += 1;
    else {
      compared.different += 1;
      if (compared.differing.length < mostDiffering) compared.differing.push(pgid);
    }
    const parts = Number(pools.erasure_code_profiles[kind.erasure_code_profile]?.k);
    const share = was.type === replicated ? 1 : 1 / parts;
    bytes += loads.of(kind, pgid).bytes * gained.length * share;
  }
  compared.movedKiB = Math.round(bytes / 1024);
  return compared;
}

export const compareQuestion = {
  needs: ["pgs", "osdmap", "df"],
  likes: ["pgUse"],
  answer,
} as const;
/** Of a cluster with so many groups that each one's use is too much to ask for. */
export const compareLargeQuestion = { needs: ["pgs", "osdmap", "df"], likes: [], answer } as const;
