/** Where copies of a pool are or may be now: placement groups, what overrides rules, what OSDs hold. */
import type { Counted } from "./counted.ts";
import type { Findings } from "./findings.ts";
import type { Places } from "./places.ts";
import type { HeldPools } from "./read/holdings.ts";
import { noOsd, type OsdMap, type Override, type Pool } from "./read/osdmap.ts";
import { type Pg, type PgTable, pgName } from "./read/pg-table.ts";
import { isSettled } from "./read/pgs.ts";

export interface CopyFacts {
  osdmap: OsdMap;
  places: Places;
  /** A sentence where it was not given or is not understood. */
  pgs: PgTable | string;
  held: HeldPools | string;
  /** Empty where it was not told how many groups OSDs have. */
  counted: ReadonlyMap<number, Counted>;
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
  const looked = { question, places, within: places.within(allowed), having };
  let [count, beyond] = [0, 0];
  pgs.each(pool.id, (pg) => {
    const { acting, end } = pg;
    if (!isSame(pg)) judgeSet(looked, pg, "up");
    judgeSet(looked, pg, "acting");
    if (!isSettled(pg.state)) {
      unsettled(question, pg, `is ${pg.state}, so that copies may be elsewhere`);
    } else if (end - acting !== pool.size || includes(pg, acting, end, noOsd)) {
      unsettled(question, pg, `has not ${pool.size} copies`);
    }
    count++;
    if (pg.seed >= pool.pgs) beyond++;
  });
  const wrong = beyond + (pool.pgs - (count - beyond));
  if (wrong > 0) {
    findings.add("unknown", "pgs", () => ({
      sentence: `${wrong} placement groups of ${pool.name} are missing from the list, or beyond its ${pool.pgs}.`,
      ...throughOf(question),
    }));
  }
  return having;
}

/** As nearly all are. */
function isSame({ cells, up, acting, end, upPrimary, actingPrimary }: Pg): boolean {
  if (upPrimary !== actingPrimary || acting - up !== end - acting) return false;
  for (let at = up; at < acting; at++) if (cells[at] !== cells[at + acting - up]) return false;
  return true;
}

function includes({ cells }: Pg, from: number, to: number, osd: number): boolean {
  for (let at = from; at < to; at++) if (cells[at] === osd) return true;
  return false;
}

interface Looked {
  question: Question;
  places: Places;
  within: Uint8Array;
  having: Set<number>;
}

function judgeSet(looked: Looked, pg: Pg, set: "up" | "acting"): void {
  const [from, to] = set === "up" ? [pg.up, pg.acting] : [pg.acting, pg.end];
  for (let at = from; at < to; at++) judgeOsd(looked, pg, set, pg.cells[at] as number);
  const primary = set === "up" ? pg.upPrimary : pg.actingPrimary;
  if (!includes(pg, from, to, primary)) judgeOsd(looked, pg, set, primary);
}

function judgeOsd(looked: Looked, pg: Pg, set: "up" | "acting", osd: number): void {
  if (osd === noOsd || osd === -1) return;
  const { question, places, within, having } = looked;
  having.add(osd);
  if (within[osd] === 1) return;
  const { effect, why, path } = places.explain(osd, question.allowed);
  const pgid = pgName(question.pool.id, pg.seed);
  question.findings.add(effect, set, () => ({
    sentence: `${pgid} is on osd.${osd}, which ${why}.`,
    ...{ osd, pg: pgid, path },
    ...throughOf(question),
  }));
}

function unsettled(question: Question, { seed }: Pg, what: string): void {
  const pgid = pgName(question.pool.id, seed);
  question.findings.add("unknown", "pgs", () => ({
    sentence: `${pgid} ${what}.`,
    pg: pgid,
    ...throughOf(question),
  }));
}

/**
 * Every OSD that is not where the pool may be must say that it holds nothing of it, or no more groups
 * than are listed, or be destroyed.
 */
function judgeHeld(facts: CopyFacts, question: Question): void {
  const { osdmap, places, counted } = facts;
  const { pool, allowed, findings } = question;
  if (typeof facts.held === "string" && counted.size === 0) {
    const sentence = facts.held;
    findings.add("unknown", "held", () => ({ sentence, ...throughOf(question) }));
    return;
  }
  const held: HeldPools = typeof facts.held === "string" ? new Map() : facts.held;
  for (const osd of foreignOf(facts, held, allowed)) {
    const pools = held.get(osd);
    const count = counted.get(osd);
    if (pools === undefined ? isElsewhereKnown(osdmap, osd, count) : !pools.has(pool.id)) continue;
    const { effect, why, path } = places.explain(osd, allowed);
    const sure = pools === undefined ? "unknown" : effect;
    findings.add(sure, "held", () => {
      const { up = false, in: isIn = false } = osdmap.osds.get(osd) ?? {};
      const state = `${up ? "up" : "down"} and ${isIn ? "in" : "out"}`;
      const sentence =
        pools === undefined
          ? `osd.${osd} (${state}) ${why}, and ${unheld(count)}.`
          : `osd.${osd} (${state}) holds something of ${pool.name}, and ${why}.`;
      return { sentence, osd, path, ...throughOf(question) };
    });
  }
}

/** Where its groups are all listed, each is judged by the list. */
function isElsewhereKnown({ osds }: OsdMap, osd: number, count: Counted | undefined): boolean {
  return osds.get(osd)?.destroyed === true || (count !== undefined && count.groups <= count.listed);
}

function unheld(count: Counted | undefined): string {
  if (count === undefined) return "what it holds is not known";
  return `has ${count.groups} placement groups, of which ${count.listed} are known`;
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
