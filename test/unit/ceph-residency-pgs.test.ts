/**
 * Placement groups are read from bytes by a reader of our own: beside JSON.parse, on lists that were
 * made at random and on texts in which something was changed, it says the same or leaves it to that.
 */
import { expect, test } from "vitest";
import type { PgTable } from "../../agent/ceph/residency/read/pg-table.ts";
import { scanPgs } from "../../agent/ceph/residency/read/pg-text.ts";
import { parsePgs, pgsOf } from "../../agent/ceph/residency/read/pgs.ts";
import { NotUnderstood } from "../../agent/ceph/residency/read/shape.ts";
import { baseCluster } from "../lib/ceph-base.ts";
import { type Roll, roller } from "../lib/random-log.ts";

const rounds = 1000;
const states = ["active+clean", "active+clean+scrubbing", "peering", "stale+down", ""];

function randomList(pick: Roll) {
  const osds = () => {
    return Array.from({ length: pick(4) }, () => [0, -1, 2_147_483_647, pick(5000)][pick(4)] ?? 0);
  };
  return {
    pg_ready: pick(9) > 0,
    pg_stats: Array.from({ length: pick(4) }, () => ({
      pgid: `${pick(200)}.${pick(70_000).toString(16)}`,
      state: states[pick(states.length)] ?? "",
      ...{ up: osds(), acting: osds() },
      ...{ up_primary: pick(9) - 1, acting_primary: pick(9) - 1 },
    })),
  };
}

/** Each group as text, by pool; in the order in which they were listed. */
function shown(table: PgTable): string[] {
  const lines: string[] = [];
  for (const pool of table.pools()) {
    table.each(pool, ({ seed, state, cells, up, acting, end, upPrimary, actingPrimary }) => {
      const sets = [[...cells.subarray(up, acting)], [...cells.subarray(acting, end)]];
      lines.push(JSON.stringify([pool, seed, state, ...sets, upPrimary, actingPrimary]));
    });
  }
  return lines;
}

/** What JSON.parse and a look at each member say; a text where they refuse. */
function expected(text: string): string[] | string {
  try {
    const { ready, table } = pgsOf(JSON.parse(text));
    return ready ? shown(table) : "not ready";
  } catch (error) {
    if (error instanceof SyntaxError || error instanceof NotUnderstood) return error.name;
    throw error;
  }
}

function scanned(text: string): string[] | string | undefined {
  const found = scanPgs(Buffer.from(text));
  if (found === undefined) return undefined;
  return found.ready ? shown(found.table) : "not ready";
}

test("lists of groups are read as JSON.parse reads them, however they are spaced", () => {
  const pick = roller(11);
  for (let round = 0; round < rounds; round++) {
    const list = randomList(pick);
    const text = JSON.stringify(list, null, [undefined, 2, "\t", "\r\n"][pick(4)]);
    expect(scanned(text), text).toEqual(expected(text));
  }
});

test("a text in which something was changed is read alike, or left to JSON.parse", () => {
  const pick = roller(12);
  const pieces = [
    "0",
    "-",
    ".",
    "e1",
    '"',
    "\\",
    ",",
    "{",
    "}",
    "[",
    "]",
    " ",
    "é",
    "null",
    '"up"',
  ];
  let read = 0;
  for (let round = 0; round < rounds; round++) {
    const text = JSON.stringify(randomList(pick));
    const at = pick(text.length);
    const piece = pieces[pick(pieces.length)] ?? "";
    const changed = text.slice(0, at) + piece + text.slice(at + pick(3));
    const found = scanned(changed);
    if (found === undefined) continue;
    expect(found, changed).toEqual(expected(changed));
    read++;
  }
  expect(read).toBeGreaterThan(rounds / 100);
});

test("what a cluster printed needs no JSON.parse, and what is odd gets it", () => {
  const { pgs } = baseCluster();
  expect(scanned(JSON.stringify(pgs))).toHaveLength(45);
  const [first, ...rest] = pgs.pg_stats;
  const odd = JSON.stringify({ pg_ready: true, pg_stats: [{ ...first, later: 1 }, ...rest] });
  expect(scanned(odd)).toBeUndefined();
  expect(parsePgs(Buffer.from(odd)).count).toBe(45);
});

test("a group that is listed twice is not understood", () => {
  const { pgs } = baseCluster();
  const [first] = pgs.pg_stats;
  const text = JSON.stringify({ ...pgs, pg_stats: [...pgs.pg_stats, first] });
  expect(() => parsePgs(Buffer.from(text))).toThrow(`${first?.pgid} is there twice`);
});
