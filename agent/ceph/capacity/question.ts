/** How full the cluster is, out of what it says of itself and of what was noted before. */
import { pageOfRows, searched } from "../../hsm/pages.ts";
import type { ClusterFacts } from "../facts/facts.ts";
import type { FactOf } from "../facts/schemas.ts";
import { treeOf } from "../topology/question.ts";
import type { Capacity, CapacityFilter } from "./answers.ts";
import { growthOf, type Sample } from "./growth.ts";
import { lossesOf } from "./losses.ts";
import { countPools } from "./pools.ts";

interface Ask {
  filter: CapacityFilter;
  samples: readonly Sample[];
}

const kib = (bytes: number): number => Math.floor(bytes / 1024);

function roomOf(stats: FactOf<"df">["stats"]) {
  return {
    totalKiB: kib(stats.total_bytes),
    usedKiB: kib(stats.total_used_raw_bytes),
    availableKiB: kib(stats.total_avail_bytes),
  };
}

function fullestOf(df: FactOf<"osdDf"> | undefined): Capacity["fullest"] {
  let fullest: Capacity["fullest"] = null;
  for (const { id, kb, kb_used } of [...(df?.nodes ?? []), ...(df?.stray ?? [])]) {
    if (kb <= 0) continue;
    const share = kb_used / kb;
    if (fullest === null || share > fullest.share) fullest = { osd: id, share };
  }
  return fullest;
}

function answer(facts: ClusterFacts, { filter, samples }: Ask): Capacity {
  const { stats, stats_by_class, pools: use } = facts.need("df");
  const map = facts.need("osdmap");
  const { rules } = facts.need("crush");
  const ratios = {
    nearlyFull: map.nearfull_ratio,
    backfillFull: map.backfillfull_ratio,
    full: map.full_ratio,
  };
  const room = { ...roomOf(stats), ...ratios };
  const at = facts.at("df");
  const born = { createdAt: map.created, now: Date.parse(at) };
  const { growth, note: growthNote } = growthOf(samples, room, born);
  const finds = searched(filter.search);
  const all = countPools({ ...map, profiles: map.erasure_code_profiles, rules, use });
  const pools = all.filter(({ name, rule, applications }) => finds(name, rule, ...applications));
  return {
    ...{ at, ...roomOf(stats), ratios, growth, growthNote },
    fullest: fullestOf(facts.get("osdDf")),
    classes: Object.entries(stats_by_class).map(([name, one]) => ({ name, ...roomOf(one) })),
    losses: lossesOf(treeOf(facts).rows, rules, room, growth[0], all),
    pools: pageOfRows(pools, {
      ...{ id: ({ id }) => String(id), value: (pool) => pool[filter.sort] },
      ...{ descending: filter.descending, cursor: filter.cursor, limit: filter.limit },
    }),
    missing: [...new Set(Object.values(facts.problems))],
  };
}

export const capacityQuestion = {
  needs: ["df", "osdmap", "crush"],
  likes: ["osdDf", "osdPerf"],
  answer,
} as const;
