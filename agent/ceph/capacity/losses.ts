/** What would be left if the largest bucket of a type were lost and all it held were made anew. */
import type { TopologyRow } from "../topology/answers.ts";
import type { Growth, Loss, Pool } from "./answers.ts";
import { daysUntil, type Room } from "./growth.ts";
import type { CrushRule } from "./input.ts";

/** Types of buckets, the widest first. */
const types = [
  "region",
  "zone",
  "datacenter",
  "room",
  "pod",
  "pdu",
  "row",
  "rack",
  "chassis",
  "host",
];

const mostPools = 20;

/** What a rule takes from: names of buckets, or of OSDs. */
interface Taking {
  rule: string;
  names: string[];
}

function takingOf({ rule_name: rule, steps }: CrushRule): Taking {
  const taken = steps.filter(({ op }) => op === "take");
  return { rule, names: taken.map(({ item_name = "" }) => item_name.replace(/~.*/, "")) };
}

/** Pools whose rule takes from this bucket, or from what is in it, and from nothing else. */
function poolsWithin(
  bucket: TopologyRow | undefined,
  taking: readonly Taking[],
  rows: readonly TopologyRow[],
  pools: readonly Pick<Pool, "name" | "rule">[],
): string[] {
  if (bucket === undefined) return [];
  const isIn = ({ path }: TopologyRow) =>
    path === bucket.path || path.startsWith(`${bucket.path}/`);
  const inside = new Set(rows.filter(isIn).map(({ name }) => name));
  const bound = new Set(
    taking.flatMap(({ rule, names }) =>
      names.length > 0 && names.every((name) => inside.has(name)) ? rule : [],
    ),
  );
  return pools.flatMap(({ name, rule }) => (bound.has(rule) ? name : []));
}

/**
 * The largest of each type that there are two of. What it held is taken to be spread evenly over
 * what is left, which is the best case; a rule that needs this many buckets of the type makes
 * nothing anew, and its pools stay with a copy less.
 */
export function lossesOf(
  rows: readonly TopologyRow[],
  rules: readonly CrushRule[],
  room: Room,
  growth: Growth | undefined,
  pools: readonly Pick<Pool, "name" | "rule">[],
): Loss[] {
  const apart = new Set(
    rules.flatMap(({ steps }) =>
      steps.flatMap(({ op, type = "" }) => (op.startsWith("choose") ? type : [])),
    ),
  );
  const taking = rules.map(takingOf);
  const names = new Set(taking.flatMap((one) => one.names));
  // Of thousands of rows the few that rules name.
  const taken = rows.filter(({ name }) => names.has(name));
  const inTree = rows.filter(({ osd }) => osd === undefined);
  return types.flatMap((type) => {
    const buckets = new Map<number, TopologyRow>();
    for (const row of inTree) if (row.type === type && row.id !== null) buckets.set(row.id, row);
    const sized = [...buckets.values()].filter(({ sums }) => (sums.totalKiB ?? 0) > 0);
    if (sized.length < 2) return [];
    const [largest] = sized.sort(
      (one, other) => (other.sums.totalKiB ?? 0) - (one.sums.totalKiB ?? 0),
    );
    const lostKiB = largest?.sums.totalKiB ?? 0;
    const totalKiB = Math.max(0, room.totalKiB - lostKiB);
    const share = totalKiB === 0 ? Number.MAX_SAFE_INTEGER : room.usedKiB / totalKiB;
    const lostPools = poolsWithin(largest, taking, taken, pools);
    const outcome: Loss["outcome"] =
      lostPools.length > 0
        ? "lost"
        : share >= room.full
          ? "full"
          : share >= room.nearlyFull
            ? "nearlyFull"
            : "fits";
    return {
      ...{ type, name: largest?.name ?? "", isFailureDomain: apart.has(type) },
      ...{ lostKiB, totalKiB, usedKiB: room.usedKiB, share, outcome },
      lostPools: lostPools.slice(0, mostPools),
      daysUntilFull:
        growth === undefined
          ? null
          : daysUntil({ totalKiB, usedKiB: room.usedKiB }, room.full, growth.kibPerDay),
    };
  });
}
