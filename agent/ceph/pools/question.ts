/** Pools and placement rules, out of what the cluster says of itself. */
import { pageOfRows, searched } from "../../hsm/pages.ts";
import { countPools } from "../capacity/pools.ts";
import type { ClusterFacts } from "../facts/facts.ts";
import {
  mostRules,
  type PoolFilter,
  type PoolsPage,
  type RuleFilter,
  type RuleRow,
  type RulesPage,
} from "./answers.ts";
import { type Buckets, reachesOf } from "./reach.ts";
import { type Proof, poolRows } from "./rows.ts";
import { stepWords } from "./steps.ts";

export interface Ground {
  /** Null where there is none that can be believed. */
  map: Buckets | null;
  /** Why there is none; empty where there is. */
  mapProblem: string;
}

interface PoolsAsk extends Ground {
  filter: PoolFilter;
  proof: Proof | null;
}

const missingIn = (facts: ClusterFacts, ...problems: string[]): string[] => [
  ...new Set([...Object.values(facts.problems), ...problems.filter(Boolean)]),
];

function pools(facts: ClusterFacts, { filter, map, mapProblem, proof }: PoolsAsk): PoolsPage {
  const osdmap = facts.need("osdmap");
  const { rules } = facts.need("crush");
  const { pools: use } = facts.need("df");
  const reaches = reachesOf(facts, map);
  const counted = countPools({ ...osdmap, profiles: osdmap.erasure_code_profiles, rules, use });
  const autoscale = facts.get("autoscale");
  const finds = searched(filter.search);
  const rows = poolRows({ counted, map: osdmap, rules, reaches, autoscale, proof }).filter(
    ({ name, rule, applications, flags, jurisdictions, troubles }) =>
      (!filter.troubled || troubles.length > 0) &&
      finds(name, rule, ...applications, ...flags, ...jurisdictions),
  );
  return {
    ...pageOfRows(rows, {
      ...{ id: ({ id }) => String(id), value: (row) => row[filter.sort] },
      ...{ descending: filter.descending, cursor: filter.cursor, limit: filter.limit },
    }),
    at: facts.at("osdmap", "crush"),
    missing: missingIn(facts, reaches.problem, mapProblem),
  };
}

/** Types of rules by their number. */
const kinds: Record<number, RuleRow["kind"]> = { 1: "replicated", 3: "erasure" };
const mostPools = 100;

interface RulesAsk extends Ground {
  filter: RuleFilter;
}

function rules(facts: ClusterFacts, { filter, map, mapProblem }: RulesAsk): RulesPage {
  const reaches = reachesOf(facts, map);
  const users = new Map<number, string[]>();
  for (const { crush_rule, pool_name } of facts.need("osdmap").pools) {
    const names = users.get(crush_rule);
    if (names === undefined) users.set(crush_rule, [pool_name]);
    else names.push(pool_name);
  }
  const all = facts.need("crush").rules.map(({ rule_id: id, rule_name: name, type, steps }) => {
    const found = reaches.byRule.get(id);
    const names = users.get(id)?.sort() ?? [];
    return {
      row: {
        ...{ id, name, kind: kinds[type] ?? "unknown", steps: steps.map(stepWords) },
        jurisdictions: found?.jurisdictions ?? [],
        certain: found?.certain ?? false,
        problems: found?.problems ?? [],
        osds: found?.osds ?? 0,
        ...{ pools: names.slice(0, mostPools), poolCount: names.length },
      } satisfies RuleRow,
      names,
    };
  });
  const finds = searched(filter.search);
  const rows = all.flatMap(({ row, names }) => {
    const { poolCount, name, steps, jurisdictions } = row;
    if (filter.unused && poolCount > 0) return [];
    return finds(name, ...steps, ...jurisdictions, ...names) ? row : [];
  });
  return {
    ...pageOfRows(rows, {
      ...{ id: ({ id }) => String(id), value: (row) => row[filter.sort] },
      ...{ descending: filter.descending, cursor: filter.cursor, limit: filter.limit },
    }),
    ...{ count: all.length, unused: all.filter(({ row }) => row.poolCount === 0).length },
    ...{ most: mostRules, at: facts.at("osdmap", "crush") },
    missing: missingIn(facts, reaches.problem, mapProblem),
  };
}

export const poolsQuestion = {
  needs: ["osdmap", "crush", "df"],
  likes: ["autoscale"],
  answer: pools,
} as const;

export const rulesQuestion = { needs: ["osdmap", "crush"], likes: [], answer: rules } as const;
