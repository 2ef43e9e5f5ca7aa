/** What would be left if the largest bucket of a type were lost and all it held were made anew. */
import type { TopologyRow } from "../topology/answers.ts";
import type { Growth, Loss } from "./answers.ts";
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
): Loss[] {
  const apart = new Set(
    rules.flatMap(({ steps }) =>
      steps.flatMap(({ op, type = "" }) => (op.startsWith("choose") ? type : [])),
    ),
  );
  return types.flatMap((type) => {
    const buckets = new Map<number, TopologyRow>();
    for (const row of rows) if (row.type === type && row.id !== null) buckets.set(row.id, row);
    const sized = [...buckets.values()].filter(({ sums }) => (sums.totalKiB ?? 0) > 0);
    if (sized.length < 2) return [];
    const [largest] = sized.sort(
      (one, other) => (other.sums.totalKiB ?? 0) - (one.sums.totalKiB ?? 0),
    );
    const lostKiB = largest?.sums.totalKiB ?? 0;
    const totalKiB = Math.max(0, room.totalKiB - lostKiB);
    const share = totalKiB === 0 ? Number.MAX_SAFE_INTEGER : room.usedKiB / totalKiB;
    const outcome: Loss["outcome"] =
      share >= room.full ? "full" : share >= room.nearlyFull ? "nearlyFull" : "fits";
    return {
      ...{ type, name: largest?.name ?? "", isFailureDomain: apart.has(type) },
      ...{ lostKiB, totalKiB, usedKiB: room.usedKiB, share, outcome },
      daysUntilFull:
        growth === undefined
          ? null
          : daysUntil({ totalKiB, usedKiB: room.usedKiB }, room.full, growth.kibPerDay),
    };
  });
}
