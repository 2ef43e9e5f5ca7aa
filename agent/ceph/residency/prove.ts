/**
 * Proof that data of pools stays in its jurisdictions: of every OSD that a rule could ever choose, of
 * every OSD that has or may have a copy now, and of what the cluster itself sends elsewhere. A pool's
 * data is also in its tiers and, for a file system's data pool, names and small files are in the
 * metadata pool: those must be where it may be, too. What is not understood is not proven.
 */

import { jurisdictionOf } from "../volumes/classes.ts";
import { type CopyFacts, judgeCopies } from "./copies.ts";
import { countedOsds } from "./counted.ts";
import { Findings, worst } from "./findings.ts";
import { hashOfText, hashOfValue } from "./hash.ts";
import { judgeExits } from "./leaving.ts";
import type { Demand, JurisdictionMap } from "./map/document.ts";
import { Places } from "./places.ts";
import { type Reach, reachOf } from "./reach.ts";
import { parseCounts } from "./read/counts.ts";
import { type Crush, parseCrush, type Rule } from "./read/crush.ts";
import { type KnownExits, parseExits } from "./read/exits.ts";
import { parseHoldings } from "./read/holdings.ts";
import { type OsdMap, type Pool, parseOsdMap } from "./read/osdmap.ts";
import { parsePgs } from "./read/pgs.ts";
import { jsonOf, NotUnderstood } from "./read/shape.ts";
import { clientsNotJudged, notJudged, type PoolVerdict, type Verdict } from "./verdict.ts";

/** JSON as Ceph prints it, as {@link parseHoldings} describes, and parsed as {@link parseExits} does. */
export interface Evidence {
  osdmap: Uint8Array;
  crush: Uint8Array;
  pgs?: Uint8Array | undefined;
  holdings?: Uint8Array | undefined;
  /** What `ceph pg dump osds -f json` prints. */
  counts?: Uint8Array | undefined;
  exits?: unknown;
}

export type Ground = Pick<JurisdictionMap, "cluster" | "buckets" | "peers" | "networks">;

/** @throws NotJson where a text is none */
export function prove(evidence: Evidence, ground: Ground, demands: readonly Demand[]): Verdict {
  const began = performance.now();
  const facts = understood(evidence, ground);
  const unsigned = typeof facts === "string" ? [] : unsignedDemands(facts.osdmap, demands);
  const all = [...demands, ...unsigned];
  const pools = all.map((demand) =>
    typeof facts === "string" ? notUnderstood(demand, facts) : judge(facts, ground, demand),
  );
  const { osdmap, crush } = typeof facts === "string" ? {} : facts;
  const count = (verdict: PoolVerdict["verdict"]) =>
    pools.filter((pool) => pool.verdict === verdict).length;
  const demanded = new Set(all.map(({ pool }) => pool));
  return {
    verdict: pools.length === 0 ? "unknown" : worst(pools.map(({ verdict }) => verdict)),
    cluster: osdmap?.fsid ?? "",
    epoch: osdmap?.epoch ?? 0,
    inputs: hashes(evidence, ground, demands),
    counts: {
      pools: osdmap?.pools.size ?? 0,
      ...{ proven: count("proven"), violated: count("violated"), unknown: count("unknown") },
      osds: osdmap?.osds.size ?? 0,
      buckets: crush?.buckets.size ?? 0,
      pgs: typeof facts === "string" || typeof facts.pgs === "string" ? 0 : facts.pgs.count,
    },
    pools,
    undemanded: [...(osdmap?.poolNames.keys() ?? [])].filter((name) => !demanded.has(name)),
    notJudged: [...notJudged, ...(ground.networks === undefined ? [clientsNotJudged] : [])],
    milliseconds: performance.now() - began,
  };
}

/** A demand that nobody signed: by what the pool was made for. */
interface OwnDemand extends Demand {
  unsigned?: true;
}

/**
 * Pools of tenants' volumes that the signed map does not name. They are judged by the jurisdiction that
 * they were made for, so that nothing of them leaves unseen, and never proven: nobody signed for it.
 */
function unsignedDemands({ pools }: OsdMap, demands: readonly Demand[]): OwnDemand[] {
  const signed = new Set(demands.map(({ pool }) => pool));
  return [...pools.values()].flatMap(({ id, name }) => {
    const made = signed.has(name) ? undefined : jurisdictionOf(name);
    return made === undefined ? [] : [{ pool: name, id, allowed: [made], unsigned: true }];
  });
}

interface Facts extends CopyFacts {
  crush: Crush;
  exits: KnownExits | string;
  reaches: Map<Rule, Reach>;
}

/** @returns a sentence where no pool can be judged */
function understood(evidence: Evidence, ground: Ground): Facts | string {
  const crush = attempt(() => parseCrush(jsonOf(evidence.crush, "crush")));
  if (typeof crush === "string") return crush;
  const osdmap = attempt(() => parseOsdMap(jsonOf(evidence.osdmap, "osdmap")));
  if (typeof osdmap === "string") return osdmap;
  if (osdmap.fsid !== ground.cluster) {
    return `The map of jurisdictions is of cluster ${ground.cluster}, and this is ${osdmap.fsid}.`;
  }
  const pgs = given(evidence.pgs, "where placement groups are now", parsePgs);
  const { counts } = evidence;
  const isCounted = counts !== undefined && typeof pgs !== "string";
  return {
    ...{ osdmap, crush, pgs },
    places: new Places(crush, ground),
    counted: isCounted ? countedOsds(osdmap, pgs, parseCounts(counts)) : new Map(),
    held: given(evidence.holdings, "what OSDs elsewhere still hold", parseHoldings),
    exits: given(evidence.exits, "what is mirrored elsewhere", parseExits),
    reaches: new Map(),
    foreign: new Map(),
  };
}

function given<V, T>(value: V | undefined, what: string, parse: (value: V) => T): T | string {
  return value === undefined ? `It was not told ${what}.` : attempt(() => parse(value));
}

function attempt<T>(parse: () => T): T | string {
  try {
    return parse();
  } catch (error) {
    if (error instanceof NotUnderstood) return `This is not understood: ${error.message}.`;
    throw error;
  }
}

function notUnderstood({ pool, id, allowed }: Demand, sentence: string): PoolVerdict {
  const findings = new Findings();
  findings.add("unknown", "input", () => ({ sentence }));
  return {
    ...{ pool, id: id ?? null, allowed: [...allowed] },
    counts: { possible: 0, having: 0, pgs: 0 },
    ...findings.result(),
  };
}

function judge(facts: Facts, { peers, networks }: Ground, demand: OwnDemand): PoolVerdict {
  const { pool: name, allowed } = demand;
  const { pools, poolNames } = facts.osdmap;
  const pool = poolNames.get(name);
  const findings = new Findings();
  const possible = new Set<number>();
  const having = new Set<number>();
  if (demand.unsigned === true) {
    const sentence = `Nobody signed where ${name} may be; it is judged by ${allowed.join()}, which it was made for. Have a map signed that names it.`;
    findings.add("unknown", "map", () => ({ sentence }));
  }
  if (pool === undefined || (demand.id !== undefined && pool.id !== demand.id)) {
    const other = demand.id === undefined ? undefined : pools.get(demand.id)?.name;
    const sentence =
      pool !== undefined
        ? `Pool ${name} has the id ${pool.id}, and ${demand.id} is demanded.`
        : `There is no pool ${name}${other === undefined ? "" : `; ${demand.id} is ${other}`}.`;
    findings.add("unknown", "pool", () => ({ sentence }));
  } else {
    for (const each of related(facts.osdmap, pool)) {
      const through = each === pool ? undefined : name;
      const question = { pool: each, allowed, through, findings };
      for (const osd of judgeRule(facts, question)) possible.add(osd);
      for (const osd of judgeCopies(facts, question)) having.add(osd);
      judgeExits(facts.exits, { pool: each, allowed, peers, networks, findings });
    }
  }
  return {
    ...{ pool: name, id: pool?.id ?? null, allowed: [...allowed] },
    counts: { possible: possible.size, having: having.size, pgs: pool?.pgs ?? 0 },
    ...findings.result(),
  };
}

/** The pool, its tiers and theirs, and metadata of their file systems. */
function related({ pools }: OsdMap, pool: Pool): Set<Pool> {
  const found = new Set([pool]);
  // A set that grows is walked to its end.
  for (const { tiers, applications, id } of found) {
    for (const other of pools.values()) {
      const tier = tiers.includes(other.id) || other.tiers.includes(id);
      const fileSystem = applications.get("cephfs")?.data;
      const metadata = other.applications.get("cephfs")?.metadata;
      if (tier || (fileSystem !== undefined && metadata === fileSystem)) found.add(other);
    }
  }
  return found;
}

interface RuleQuestion {
  pool: Pool;
  allowed: readonly string[];
  through: string | undefined;
  findings: Findings;
}

/** @returns OSDs that the rule could choose */
function judgeRule(facts: Facts, question: RuleQuestion): Iterable<number> {
  const { crush, places, reaches } = facts;
  const { pool, allowed, through, findings } = question;
  const via = through === undefined ? {} : { through: pool.name };
  const rule = ruleOf(crush, pool);
  if (typeof rule === "string") {
    findings.add("unknown", "rule", () => ({ sentence: rule, ...via }));
    return [];
  }
  let reach = reaches.get(rule);
  if (reach === undefined) {
    reach = reachOf(crush, rule);
    reaches.set(rule, reach);
  }
  const { problems, osds } = reach;
  for (const { step, sentence } of problems) {
    const words = `Rule ${rule.name} is not understood: ${sentence}.`;
    findings.add("unknown", "rule", () => ({ sentence: words, rule: rule.name, step, ...via }));
  }
  const within = places.within(allowed);
  for (const [osd, step] of osds) {
    if (within[osd] === 1) continue;
    const { effect, why, path } = places.explain(osd, allowed);
    findings.add(effect, "rule", () => ({
      sentence: `Rule ${rule.name} could choose osd.${osd}, which ${why}.`,
      ...{ osd, rule: rule.name, step, path },
      ...via,
    }));
  }
  return osds.keys();
}

const replicated = 1;
const erasure = 3;

/** @returns a sentence where the pool has none, or where Ceph could take another. */
function ruleOf({ rules }: Crush, { name, type, rule: id }: Pool): Rule | string {
  if (type !== replicated && type !== erasure)
    return `Pool ${name} is of a kind ${type} that is not known.`;
  const rule = rules.get(id);
  if (rule === undefined) return `Pool ${name} has rule ${id}, which is not in the CRUSH map.`;
  if (rule.type !== type) return `Rule ${rule.name} is for pools of another kind than ${name}.`;
  // Up to Ceph 16.2 the number that a pool has is matched with this one, of whichever rule.
  const same = [...rules.values()].filter(({ ruleset }) => ruleset === id);
  if (rule.ruleset !== id || same.length !== 1) {
    return `Rule ${rule.name} has the ruleset ${rule.ruleset}, so that it is not sure that ${name} has it.`;
  }
  return rule;
}

function hashes(evidence: Evidence, ground: Ground, demands: readonly Demand[]): Verdict["inputs"] {
  const { osdmap, crush, pgs, holdings, counts, exits } = evidence;
  const maybe = (text: Uint8Array | undefined) => (text === undefined ? null : hashOfText(text));
  const { cluster, buckets, peers, networks } = ground;
  const where = networks === undefined ? {} : { networks };
  return {
    osdmap: hashOfText(osdmap),
    crush: hashOfText(crush),
    pgs: maybe(pgs),
    holdings: maybe(holdings),
    counts: maybe(counts),
    exits: exits === undefined ? null : hashOfValue(exits),
    map: hashOfValue({ cluster, buckets, peers, demands, ...where }),
  };
}
