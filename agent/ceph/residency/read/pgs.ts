/** Placement groups as `ceph pg dump pgs_brief -f json` prints them, from Ceph 16.2 on. */
import { poolOf } from "./osdmap.ts";
import { list, members, NotUnderstood } from "./shape.ts";

export interface Pg {
  pgid: string;
  state: string;
  up: number[];
  acting: number[];
  up_primary: number;
  acting_primary: number;
}

/** By id of the pool, each group once. */
export type PgList = ReadonlyMap<number, readonly Pg[]>;

/** @throws NotUnderstood */
export function parsePgs(value: unknown): PgList {
  const dump = members(value, "the list of placement groups");
  if (dump.pg_ready !== true) {
    throw new NotUnderstood("the manager does not know all placement groups yet");
  }
  const pools = new Map<number, Pg[]>();
  const seen = new Set<string>();
  for (const pg of list(dump.pg_stats, "the list of placement groups")) {
    if (!isPg(pg)) throw new NotUnderstood(`a placement group has another form: ${shown(pg)}`);
    const { pgid } = pg;
    const before = seen.size;
    if (seen.add(pgid).size === before) throw new NotUnderstood(`${pgid} is there twice`);
    const pool = poolOf(pgid);
    const of = pools.get(pool);
    if (of === undefined) pools.set(pool, [pg]);
    else of.push(pg);
  }
  return pools;
}

function shown(value: unknown): string {
  return JSON.stringify(value).slice(0, 100);
}

function isPg(value: unknown): value is Pg {
  if (typeof value !== "object" || value === null) return false;
  const pg = value as Partial<Pg>;
  return (
    typeof pg.pgid === "string" &&
    typeof pg.state === "string" &&
    isOsds(pg.up) &&
    isOsds(pg.acting) &&
    Number.isSafeInteger(pg.up_primary) &&
    Number.isSafeInteger(pg.acting_primary)
  );
}

function isOsds(value: unknown): boolean {
  return Array.isArray(value) && value.every(Number.isSafeInteger);
}

/** What a group may be doing while all its copies are where they belong, and nowhere else. */
const settled = new Set(["active", "clean", "scrubbing", "deep", "snaptrim", "snaptrim_wait"]);
const settledStates = new Map<string, boolean>();

/** Whether a state says active and clean, and nothing that moves data or has lost it. */
export function isSettled(state: string): boolean {
  let found = settledStates.get(state);
  if (found === undefined) {
    const words = new Set(state.split("+"));
    found =
      words.has("active") && words.has("clean") && [...words].every((one) => settled.has(one));
    settledStates.set(state, found);
  }
  return found;
}
