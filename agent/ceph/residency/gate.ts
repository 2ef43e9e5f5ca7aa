/**
 * Whether a change would break where data must be, told before it is made: pools are proved as the
 * cluster is and as it would be, and what speaks against the second alone speaks against the change.
 * What was broken before does not: a cluster that is being put right must not be held up by it.
 */
import { apply, type Change, type Maps } from "./changes.ts";
import type { Demand } from "./map/document.ts";
import { type Evidence, type Ground, prove } from "./prove.ts";
import { jsonOf, NotUnderstood } from "./read/shape.ts";
import type { PoolVerdict } from "./verdict.ts";

const rank = { proven: 0, unknown: 1, violated: 2 };

/**
 * @param changes all of them, in their order, before any is made
 * @returns a sentence for each reason against it; empty where there is none
 */
export function breaches(
  evidence: Evidence,
  ground: Ground,
  demands: readonly Demand[],
  changes: readonly Change[],
): string[] {
  const made = changes.flatMap((change): Demand[] =>
    change.act === "makePool" ? [{ pool: change.pool, allowed: change.allowed }] : [],
  );
  let after: Evidence;
  try {
    after = changed(evidence, changes);
  } catch (error) {
    if (!(error instanceof NotUnderstood)) throw error;
    return [`What it would change is not understood: ${error.message}.`];
  }
  const before = new Map(prove(evidence, ground, demands).pools.map((pool) => [pool.pool, pool]));
  const isMade = ({ pool }: { pool: string }) => made.some((each) => each.pool === pool);
  return [
    ...prove(after, ground, demands)
      .pools.filter((pool) => !isMade(pool))
      .flatMap((pool) => worsened(before.get(pool.pool), pool)),
    ...prove(after, ground, made).pools.filter(isMade).flatMap(ruledElsewhere),
  ];
}

function changed(evidence: Evidence, changes: readonly Change[]): Evidence {
  const maps = {
    osdmap: jsonOf(evidence.osdmap, "osdmap"),
    crush: jsonOf(evidence.crush, "crush"),
  } as Maps;
  for (const change of changes) apply(maps, change);
  const bytes = (value: unknown) => Buffer.from(JSON.stringify(value));
  return { ...evidence, osdmap: bytes(maps.osdmap), crush: bytes(maps.crush) };
}

function worsened(before: PoolVerdict | undefined, after: PoolVerdict): string[] {
  const known = new Set(before?.findings.map(({ sentence }) => sentence));
  const news = after.findings.filter(({ sentence }) => !known.has(sentence));
  if (news.length > 0) return news.map(({ sentence }) => told(after, sentence));
  const worse = rank[after.verdict] > rank[before?.verdict ?? "proven"];
  const more = after.total - (before?.total ?? 0);
  if (!worse && more <= 0) return [];
  return [told(after, `There would be ${more} more findings against it.`)];
}

/** Of a pool that is not there yet nothing but its rule is known. */
function ruledElsewhere(pool: PoolVerdict): string[] {
  return pool.findings
    .filter(({ mechanism }) => ["rule", "input", "pool"].includes(mechanism))
    .map(({ sentence }) => told(pool, sentence));
}

function told({ pool, allowed }: PoolVerdict, sentence: string): string {
  return `Data of ${pool} must stay in ${allowed.join(", ")}: ${sentence}`;
}
