/** Placement groups as `ceph pg dump pgs_brief -f json` prints them, from Ceph 16.2 on. */
import { partsOf } from "./osdmap.ts";
import { PgTable } from "./pg-table.ts";
import { scanPgs } from "./pg-text.ts";
import { jsonOf, list, members, NotUnderstood } from "./shape.ts";

/** @throws NotUnderstood, NotJson */
export function parsePgs(text: Uint8Array): PgTable {
  const { ready, table } = scanPgs(text) ?? pgsOf(jsonOf(text, "pgs"));
  if (!ready) throw new NotUnderstood("the manager does not know all placement groups yet");
  table.refuseTwice();
  return table;
}

interface PrintedPg {
  pgid: string;
  state: string;
  up: number[];
  acting: number[];
  up_primary: number;
  acting_primary: number;
}

/** @param value parsed JSON. @throws NotUnderstood */
export function pgsOf(value: unknown): { ready: boolean; table: PgTable } {
  const dump = members(value, "the list of placement groups");
  const table = new PgTable();
  const ready = dump.pg_ready === true;
  if (!ready) return { ready, table };
  for (const pg of list(dump.pg_stats, "the list of placement groups")) {
    if (!isPg(pg)) throw new NotUnderstood(`a placement group has another form: ${shown(pg)}`);
    const { pool, seed } = partsOf(pg.pgid);
    const { state, up, acting, up_primary, acting_primary } = pg;
    const number = table.stateNumber(state);
    table.add(pool, seed, number, [...up, ...acting], up.length, up_primary, acting_primary);
  }
  return { ready, table };
}

function shown(value: unknown): string {
  return JSON.stringify(value).slice(0, 100);
}

function isPg(value: unknown): value is PrintedPg {
  if (typeof value !== "object" || value === null) return false;
  const pg = value as Partial<PrintedPg>;
  return (
    typeof pg.pgid === "string" &&
    typeof pg.state === "string" &&
    isOsds(pg.up) &&
    isOsds(pg.acting) &&
    isNumber(pg.up_primary) &&
    isNumber(pg.acting_primary)
  );
}

function isOsds(value: unknown): boolean {
  return Array.isArray(value) && value.every(isNumber);
}

/** Ceph's own are of 32 bits. */
function isNumber(value: unknown): boolean {
  return typeof value === "number" && (value | 0) === value;
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
