/**
 * Where each placement rule could ever put data: by the CRUSH map, whatever fails, and by the signed
 * map of jurisdictions. What is not understood makes it not certain, as in the proof of residency.
 */
import type { ClusterFacts } from "../facts/facts.ts";
import type { JurisdictionMap } from "../residency/map/document.ts";
import { Places } from "../residency/places.ts";
import { reachOf } from "../residency/reach.ts";
import { type Crush, parseCrush } from "../residency/read/crush.ts";
import { NotUnderstood } from "../residency/read/shape.ts";

export type Buckets = Pick<JurisdictionMap, "buckets">;

export interface RuleReach {
  osds: number;
  jurisdictions: string[];
  certain: boolean;
  problems: string[];
}

export interface Reaches {
  /** By the rule's id. */
  byRule: ReadonlyMap<number, RuleReach>;
  /** Why the CRUSH map is not understood, so that nothing is known; empty where it is. */
  problem: string;
}

/** A page asks more than once about the same map. */
let newest: { crush: unknown; buckets: string; reaches: Reaches } | undefined;

/** @param map null where there is none that can be believed */
export function reachesOf(facts: ClusterFacts, map: Buckets | null): Reaches {
  // First, so that an answer which is none is said so.
  facts.need("crush");
  const crush = facts.raw("crush");
  const buckets = JSON.stringify(map?.buckets ?? null);
  if (newest !== undefined && newest.crush === crush && newest.buckets === buckets) {
    return newest.reaches;
  }
  const reaches = findReaches(crush, map);
  newest = { crush, buckets, reaches };
  return reaches;
}

export function findReaches(dump: unknown, map: Buckets | null): Reaches {
  let crush: Crush;
  try {
    crush = parseCrush(dump);
  } catch (error) {
    if (!(error instanceof NotUnderstood)) throw error;
    const problem = `The CRUSH map is not understood (${error.message}), so what rules reach is not known.`;
    return { byRule: new Map(), problem };
  }
  const places = map === null ? undefined : new Places(crush, map);
  const byRule = new Map<number, RuleReach>();
  for (const rule of crush.rules.values()) {
    const { osds, problems } = reachOf(crush, rule);
    const names = new Set<string>();
    let certain = places !== undefined && problems.length === 0;
    for (const osd of osds.keys()) {
      const above = places?.above(osd);
      for (const name of above?.names ?? []) names.add(name);
      certain &&= above?.certain ?? false;
    }
    byRule.set(rule.id, {
      ...{ osds: osds.size, jurisdictions: [...names].sort(), certain },
      problems: [...new Set(problems.map(({ sentence }) => `It is not certain: ${sentence}.`))],
    });
  }
  return { byRule, problem: "" };
}
