/** Where copies of a pool are or may be now: placement groups, what overrides rules, what OSDs hold. */
import type { Findings } from "./findings.ts";
import type { Places } from "./places.ts";
import type { HeldPools } from "./read/holdings.ts";
import { noOsd, type OsdMap, type Override, type Pool } from "./read/osdmap.ts";
import { isSettled, type Pg, type PgList } from "./read/pgs.ts";

export interface CopyFacts {
  osdmap: OsdMap;
  places: Places;
  /** A sentence where it was not given or is not understood. */
  pgs: PgList | string;
  held: HeldPools | string;
  /** OSDs that are not within, by the jurisdictions that are allowed; found once for each. */
  foreign: Map<string, readonly number[]>;
}

interface Question {
  pool: Pool;
  allowed: readonly string[];
  /** Name of the pool in question, where this one has copies of it. */
  through: string | undefined;
  findings: Findings;
}

/** @returns OSDs that its groups have */
export function judgeCopies(facts: CopyFacts, question: Question): ReadonlySet<number> {
  for (const override of facts.osdmap.overrides) {
    if (override.pool === question.pool.id) judgeOverride(facts, question, override);
  }
  judgeHeld(facts, question);
  return judgePgs(facts, question);
}

function judgeOverride(
  { places }: CopyFacts,
  question: Question,
  { kind, pg, osds }: Override,
): void {
  const { allowed, findings } = question;
  const within = places.within(allowed);
  for (const osd of osds) {
    if (within[osd] === 1) continue;
    const { effect, why, path } = places.explain(osd, allowed);
    findings.add(effect, kind, () => ({
      sentence: `${pg} is given osd.${osd} by ${kind}, which ${why}.`,
      ...{ osd, pg, path },
      ...throughOf(question),
    }));
  }
}

function judgePgs({ places, pgs }: CopyFacts, question: Question): ReadonlySet<number> {
  const { pool, allowed, findings } = question;
  const having = new Set<number>();
  if (typeof pgs === "string") {
    findings.add("unknown", "pgs", () => ({ sentence: pgs, ...throughOf(question) }));
    return having;
  }
  const within = places.within(allowed);
  const of = pgs.get(pool.id) ?? [];
  for (const pg of of) {
    if (!isSame(pg)) judgeSet(places, question, within, having, pg, "up");
    judgeSet(places, question, within, having, pg, "acting");
    if (!isSettled(pg.state))
      unsettled(question, pg, `is ${pg.state}, so that copies may be elsewhere`);
    else if (pg.acting.length !== pool.size || pg.acting.includes(noOsd)) {
      unsettled(question, pg, `has not ${pool.size} copies`);
    }
  }
  const wrong = countWrong(pool, of);
  if (wrong > 0) {
    findings.add("unknown", "pgs", () => ({
      sentence: `${wrong} placement groups of ${pool.name} are missing from the list, or beyond its ${pool.pgs}.`,
      ...throughOf(question),
    }));
  }
  return having;
}

/** As nearly all are. */
function isSame({ up, acting, up_primary, acting_primary }: Pg): boolean {
  if (up_primary !== acting_primary || up.length !== acting.length) return false;
  return up.every((osd, index) => osd === acting[index]);
}

function judgeSet(
  places: Places,
  question: Question,
  within: Uint8Array,
  having: Set<number>,
  pg: Pg,
  set: "up" | "acting",
): void {
  const osds = pg[set];
  const primary = set === "up" ? pg.up_primary : pg.acting_primary;
  for (const osd of osds.includes(primary) ? osds : [...osds, primary]) {
    if (osd === noOsd || osd === -1) continue;
    having.add(osd);
    if (within[osd] === 1) continue;
    const { effect, why, path } = places.explain(osd, question.allowed);
    question.findings.add(effect, set, () => ({
      sentence: `${pg.pgid} is on osd.${osd}, which ${why}.`,
      ...{ osd, pg: pg.pgid, path },
      ...throughOf(question),
    }));
  }
}

function unsettled(question: Question, { pgid }: Pg, what: string): void {
  question.findings.add("unknown", "pgs", () => ({
    sentence: `${pgid} ${what}.`,
    pg: pgid,
    ...throughOf(question),
  }));
}

/** Those of a pool are 0 to its number, below. */
function countWrong({ pgs }: Pool, of: readonly Pg[]): number {
  let beyond = 0;
  for (const { pgid } of of) {
    if (Number.parseInt(pgid.slice(pgid.indexOf(".") + 1), 16) >= pgs) beyond++;
  }
  return beyond + (pgs - (of.length - beyond));
}

/** Every OSD that is not where the pool may be must say that it holds nothing of it, or be destroyed. */
function judgeHeld(facts: CopyFacts, question: Question): void {
  const { osdmap, places, held } = facts;
  const { pool, allowed, findings } = question;
  if (typeof held === "string") {
    findings.add("unknown", "held", () => ({ sentence: held, ...throughOf(question) }));
    return;
  }
  for (const osd of foreignOf(facts, held, allowed)) {
    const pools = held.get(osd);
    if (pools === undefined ? osdmap.osds.get(osd)?.destroyed : !pools.has(pool.id)) continue;
    const { effect, why, path } = places.explain(osd, allowed);
    const sure = pools === undefined ? "unknown" : effect;
    findings.add(sure, "held", () => {
      const { up = false, in: isIn = false } = osdmap.osds.get(osd) ?? {};
      const state = `${up ? "up" : "down"} and ${isIn ? "in" : "out"}`;
      const sentence =
        pools === undefined
          ? `osd.${osd} (${state}) ${why}, and what it holds is not known.`
          : `osd.${osd} (${state}) holds something of ${pool.name}, and ${why}.`;
      return { sentence, osd, path, ...throughOf(question) };
    });
  }
}

function foreignOf(facts: CopyFacts, held: HeldPools, allowed: readonly string[]) {
  const key = allowed.join(" ");
  let found = facts.foreign.get(key);
  if (found === undefined) {
    const within = facts.places.within(allowed);
    const all = new Set([...facts.osdmap.osds.keys(), ...held.keys()]);
    found = [...all].filter((osd) => within[osd] !== 1);
    facts.foreign.set(key, found);
  }
  return found;
}

function throughOf({ pool, through }: Question): { through?: string } {
  return through === undefined ? {} : { through: pool.name };
}
