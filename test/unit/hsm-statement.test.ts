/** Receipts against counters, over a real audit log that a test writes entry by entry. */
import { describe, expect, test } from "vitest";
import type { AuditEntry } from "../../agent/audit/entry.ts";
import { readingsIn } from "../../agent/hsm/statement/readings.ts";
import { reconcile } from "../../agent/hsm/statement/reconcile.ts";
import { usageOf } from "../../agent/hsm/statement/usage.ts";
import { usesIn } from "../../agent/hsm/statement/uses.ts";
import { type Counted, readingAction } from "../../agent/hsm/use/receipt.ts";

const token = "softhsm/defense";
const id = "0123456789abcdef0123456789abcdef";
let sequence = 0;

function entry(event: Partial<AuditEntry>): AuditEntry {
  sequence += 1;
  return {
    ...{ sequence, time: "2026-11-02T09:00:00.000Z", node: "n1", source: "agent" },
    ...{ action: "hsm.Sign", outcome: "note", actor: "alice", uid: 1000, loginuid: -1 },
    ...{ pid: 1, label: "", tenant: "defense" },
    ...event,
  };
}

function row(uses: Record<string, number>, object = id, key = "documents", version = 1): Counted {
  return { key, version, object, uses };
}

function reading(time: string, counted: Counted[], more: Record<string, unknown> = {}): AuditEntry {
  const details = { reading: time, token, first: false, restarts: 0, part: 0, parts: 1, counted };
  return entry({ action: readingAction, time, details: { ...details, ...more } });
}

/** A use from its intent to its outcome; none where the agent ended in between. */
function use(
  time: string,
  from: string,
  outcome: "success" | "failure" | "none" = "success",
  more: Record<string, unknown> = {},
): AuditEntry[] {
  const call = `call${sequence}`;
  const details = { tenant: "defense", key: "documents", purpose: "test" };
  const receipt = {
    ...{ key: "documents", version: 1, operation: "sign", purpose: "test", rule: "use.inside" },
    ...{ count: 1, bytes: 10, token, reading: from, ...more },
  };
  const intent = entry({ time, call, outcome: "intent", details });
  if (outcome === "none") return [intent];
  return [intent, entry({ time, call, outcome, details: { receipt } })];
}

const first = "2026-11-01T08:00:00.000Z";
const second = "2026-11-02T08:00:00.000Z";
const third = "2026-11-03T08:00:00.000Z";

function statement(entries: AuditEntry[]) {
  const { uses, unfinished } = usesIn(entries);
  return reconcile(new Set([token]), readingsIn(entries), uses, unfinished);
}

describe("receipts and counters", () => {
  test("agree when every use has its receipt, also one for many", () => {
    const { rows, orphans } = statement([
      reading(first, [row({ sign: 5, dataKeys: 100 })]),
      ...use(first, first),
      ...use(first, first),
      ...use(first, first, "success", { operation: "dataKeys", count: 1000 }),
      reading(second, [row({ sign: 7, dataKeys: 1100 })]),
      ...use(second, second),
      reading(third, [row({ sign: 8, dataKeys: 1100 })]),
    ]);
    expect(orphans).toBe(0);
    expect(rows).toMatchObject([
      { operation: "dataKeys", receipts: 1000, counted: 1000, difference: 0, reason: "none" },
      { operation: "sign", receipts: 3, counted: 3, difference: 0, reason: "none" },
    ]);
  });

  test("count a key that was made between two readings from nothing", () => {
    const { rows } = statement([
      reading(first, []),
      ...use(first, first),
      reading(second, [row({ sign: 1 })]),
    ]);
    expect(rows).toMatchObject([{ receipts: 1, counted: 1, reason: "none" }]);
  });

  test("name a use that had begun when the agent ended", () => {
    const entries = [
      reading(first, [row({ sign: 5 })]),
      ...use(first, first),
      ...use("2026-11-01T09:00:00.000Z", first, "none"),
      reading(second, [row({ sign: 7 })], { first: true }),
    ];
    expect(statement(entries).rows).toMatchObject([
      { receipts: 1, counted: 2, difference: 1, reason: "interrupted" },
    ]);
    // Without the agent's end, an act without an outcome is one that is under way.
    const running = entries.map((one) =>
      one.details?.first === true ? { ...one, details: { ...one.details, first: false } } : one,
    );
    expect(statement(running).rows).toMatchObject([{ difference: 1, reason: "unexplained" }]);
  });

  test("do not take more for interrupted than had begun", () => {
    const { rows } = statement([
      reading(first, [row({ sign: 5 })]),
      ...use("2026-11-01T09:00:00.000Z", first, "none"),
      reading(second, [row({ sign: 7 })], { first: true }),
    ]);
    expect(rows).toMatchObject([{ difference: 2, reason: "unexplained" }]);
  });

  test("name what was asked for twice because the driver's process ended", () => {
    const { rows } = statement([
      reading(first, [row({ sign: 5 })], { restarts: 2 }),
      ...use(first, first),
      reading(second, [row({ sign: 7 })], { restarts: 3 }),
    ]);
    expect(rows).toMatchObject([{ difference: 1, reason: "repeated" }]);
    expect(rows[0]?.sentence).toContain("ended 1 times");
  });

  test("name what failed for its caller and was done all the same", () => {
    const { rows } = statement([
      reading(first, [row({ sign: 5 })]),
      ...use(first, first, "failure"),
      reading(second, [row({ sign: 6 })]),
    ]);
    expect(rows).toMatchObject([{ receipts: 0, failed: 1, difference: 1, reason: "failed" }]);
  });

  test("take the later outcome of a use that took too long", () => {
    const slow = use(first, first, "failure");
    const [, failure] = slow;
    const late = entry({ ...failure, outcome: "success" });
    const entries = [
      reading(first, [row({ sign: 5 })]),
      ...slow,
      late,
      reading(second, [row({ sign: 6 })]),
    ];
    const wanted = [{ receipts: 1, failed: 0, reason: "none" }];
    expect(statement(entries).rows).toMatchObject(wanted);
    // The log gives them newest first.
    expect(statement(entries.toReversed()).rows).toMatchObject(wanted);
  });

  test("find a use that went past the agent", () => {
    const { rows } = statement([
      reading(first, [row({ sign: 5 })]),
      ...use(first, first),
      reading(second, [row({ sign: 106 })]),
    ]);
    expect(rows).toMatchObject([{ difference: 100, reason: "unexplained" }]);
  });

  test("find a receipt that nobody counted, and a counter that was set back", () => {
    const forged = statement([
      reading(first, [row({ sign: 5 })]),
      ...use(first, first),
      ...use(first, first),
      reading(second, [row({ sign: 6 })]),
    ]);
    expect(forged.rows).toMatchObject([{ difference: -1, reason: "unexplained" }]);
    const lost = statement([
      reading(first, [row({ sign: 5 })]),
      ...use(first, first),
      reading(second, [row({ sign: 2 })]),
    ]);
    expect(lost.rows).toMatchObject([{ counted: 2, reason: "counterLost" }]);
    const gone = statement([
      reading(first, [row({ sign: 5 })]),
      ...use(first, first),
      reading(second, []),
    ]);
    expect(gone.rows).toMatchObject([{ counted: 0, reason: "counterLost" }]);
  });

  test("hold both halves of a key against the same receipts", () => {
    const seed = `${id}.${id}`;
    const entries = (half: number) => [
      reading(first, [row({ sign: 5 }), row({ sign: 5 }, seed)]),
      ...use(first, first),
      reading(second, [row({ sign: 6 }), row({ sign: half }, seed)]),
    ];
    expect(statement(entries(6)).rows).toMatchObject([{ counted: 1, reason: "none" }]);
    expect(statement(entries(9)).rows).toMatchObject([{ counted: 4, reason: "unexplained" }]);
  });

  test("list what the node itself did with keys that are nobody's, and what needs no counter", () => {
    const { rows, own } = statement([
      reading(first, [row({ encrypt: 1 }, "seal", "", 0)]),
      ...use(first, first, "success", { operation: "verify", token: "", reading: "" }),
      reading(second, [row({ encrypt: 3 }, "seal", "", 0)]),
    ]);
    expect(own).toEqual([{ object: "seal", operation: "encrypt", counted: 2 }]);
    expect(rows).toMatchObject([{ operation: "verify", receipts: 1, counted: null }]);
  });

  test("of an authority are in notes, and two where it signs with two keys", () => {
    const [, { details = {} } = {}] = use(first, first, "success", { key: "ca" });
    const elsewhere = use(first, first, "success", { key: "root", token: "softhsm/=node" });
    const { rows, orphans } = statement([
      reading(first, [row({ sign: 5 }, "a", "ca"), row({ sign: 5 }, "b", "ca-parallel")]),
      entry({ outcome: "note", call: "c", details }),
      entry({
        outcome: "note",
        call: "c",
        details: {
          ...details,
          parallelReceipt: { ...(details.receipt as object), key: "ca-parallel" },
        },
      }),
      ...elsewhere,
      reading(second, [row({ sign: 7 }, "a", "ca"), row({ sign: 6 }, "b", "ca-parallel")]),
    ]);
    expect(orphans).toBe(0);
    expect(rows).toMatchObject([
      { key: "ca", receipts: 2, counted: 2, reason: "none" },
      { key: "ca-parallel", receipts: 1, counted: 1, reason: "none" },
    ]);
  });

  test("leave out receipts of readings that are not there, and say how many", () => {
    const { rows, orphans } = statement([
      ...use(first, "2026-10-31T08:00:00.000Z"),
      reading(first, [row({ sign: 5 })]),
      reading(second, [row({ sign: 5 })]),
    ]);
    expect(orphans).toBe(1);
    expect(rows).toEqual([]);
  });

  test("take a reading in several entries as one, and one that broke off for none", () => {
    const half = { part: 0, parts: 2 };
    const whole = [
      reading(first, [row({ sign: 1 })], half),
      reading(first, [row({ sign: 2 }, "other", "other")], { ...half, part: 1 }),
    ];
    expect(readingsIn(whole).get(token)).toMatchObject([{ counted: [{}, {}] }]);
    expect(readingsIn(whole.slice(1)).get(token)).toBeUndefined();
  });
});

test("uses by day are those between readings, on the day of the first", () => {
  const readings = readingsIn([
    reading(first, [row({ sign: 5, decrypt: 1 })]),
    reading(second, [row({ sign: 7, decrypt: 1 }), row({ sign: 4 }, "v2", "documents", 2)]),
    reading("2026-11-05T08:00:00.000Z", [row({ sign: 8 }), row({ sign: 4 }, "v2", "documents", 2)]),
  ]).get(token);
  const span = { from: "2026-11-01T00:00:00.000Z", days: 3 };
  expect(usageOf("documents", readings ?? [], span)).toEqual([
    { day: "2026-11-01", uses: { sign: 6 } },
    { day: "2026-11-02", uses: { sign: 1, decrypt: 0 } },
    { day: "2026-11-03", uses: {} },
  ]);
});
