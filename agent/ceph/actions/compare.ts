/** Where groups are now, beside where they were predicted to be. */
import type { ClusterFacts } from "../facts/facts.ts";
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
  /** By what was in each group when it was predicted. */
  movedKiB: number;
}

const mostDiffering = 20;

function isSame({ type }: Placed, one: readonly number[], other: readonly number[]): boolean {
  const { gained, lost } = difference(type, one, other);
  return gained.length === 0 && lost.length === 0;
}

function answer(facts: ClusterFacts, { before, after }: Ask): Compared {
  const { pg_stats } = facts.need("pgs");
  const compared: Compared = { same: 0, different: 0, differing: [], movedGroups: 0, movedKiB: 0 };
  let bytes = 0;
  const at = new Map(before.map(({ pool }, index) => [pool, index]));
  for (const { pgid, up } of pg_stats) {
    const [pool = "", group = ""] = pgid.split(".");
    const index = at.get(Number(pool));
    // Of a pool that was made since.
    if (index === undefined) continue;
    const [was, expected] = [before[index] as Placed, after[index] as Placed];
    const number = Number.parseInt(group, 16);
    const is = padded(up, was.size);
    const old = groupOf(was, number);
    bytes += difference(was.type, old, is).gained.length * (was.bytes[number] ?? 0);
    if (!isSame(was, old, is)) compared.movedGroups += 1;
    if (isSame(was, groupOf(expected, number), is)) compared.same += 1;
    else {
      compared.different += 1;
      if (compared.differing.length < mostDiffering) compared.differing.push(pgid);
    }
  }
  compared.movedKiB = Math.round(bytes / 1024);
  return compared;
}

export const compareQuestion = { needs: ["pgs"], likes: [], answer } as const;
