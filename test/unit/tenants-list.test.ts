import * as v from "valibot";
import { describe, expect, test } from "vitest";
import { type TenantFilter, tenantFilterSchema } from "../../agent/tenants/contract.ts";
import { decodeCursor, encodeCursor, TenantList } from "../../agent/tenants/list.ts";
import { type RowContext, rowOf } from "../../agent/tenants/rows.ts";
import type { Entry } from "../../agent/tenants/view.ts";
import { TenantView } from "../../agent/tenants/view.ts";

const view = new TenantView({} as never, () => ({ network: undefined, poolName: "default" }));
const context: RowContext = {
  view,
  pool: { name: "default", driver: "btrfs", enforced: true },
  poolName: "default",
  homes: { sentences: () => [] },
};

function entry(name: string, part: { cpu?: number; classification?: "official" | "secret" } = {}) {
  const { cpu = 4, classification = "official" } = part;
  const record = {
    version: 1 as const,
    displayName: `Agency ${name}`,
    domain: `${name.replaceAll("-", "_")}_t`,
    classification,
    jurisdiction: "UK",
    quota: { cpu: String(cpu), ram: "1TB", storage: "50TB" },
    contacts: [`soc@${name}.example`],
    createdAt: "2026-01-01T00:00:00.000Z",
    createdBy: "alice",
  };
  const state = { state: "active" as const, since: record.createdAt, by: "alice", uid: 0 };
  return view.added(name, record, state);
}

const filter = (part: Partial<TenantFilter>): TenantFilter => v.parse(tenantFilterSchema, part);

function page(list: TenantList, entries: Entry[], revision: number, part: Partial<TenantFilter>) {
  const row = (one: Entry) => rowOf(one, context);
  return list.page(entries, revision, filter(part), () => false, row);
}

describe("list of tenants", () => {
  const entries = ["delta", "alpha", "charlie", "bravo", "echo"].map((name, i) =>
    entry(name, { cpu: i % 2 === 0 ? 8 : 2, classification: i === 0 ? "secret" : "official" }),
  );

  test("pages join to the whole list, in each order", () => {
    for (const sort of ["name", "cpu", "classification", "createdAt"] as const) {
      for (const descending of [false, true]) {
        const list = new TenantList();
        const names: string[] = [];
        let cursor = "";
        do {
          const part = page(list, entries, 1, { sort, descending, limit: 2, cursor });
          names.push(...part.rows.map(({ name }) => name));
          expect(part.total).toBe(5);
          cursor = part.next;
        } while (cursor !== "");
        expect(new Set(names).size).toBe(5);
        const whole = page(new TenantList(), entries, 1, { sort, descending });
        expect(names).toEqual(whole.rows.map(({ name }) => name));
      }
    }
  });

  test("a page goes on at the right place when rows came and went", () => {
    const list = new TenantList();
    const first = page(list, entries, 1, { limit: 2 });
    expect(first.rows.map(({ name }) => name)).toEqual(["alpha", "bravo"]);
    const changed = [...entries.filter(({ name }) => name !== "bravo"), entry("aaa")];
    const second = page(list, changed, 2, { limit: 2, cursor: first.next });
    expect(second.rows.map(({ name }) => name)).toEqual(["charlie", "delta"]);
  });

  test("words are searched in name, display name, domain and contacts", () => {
    const found = page(new TenantList(), entries, 1, { search: "AGENCY soc@delta" });
    expect(found.rows.map(({ name }) => name)).toEqual(["delta"]);
    expect(page(new TenantList(), entries, 1, { search: "nowhere" }).total).toBe(0);
  });

  test("classifications sort by rank and filter", () => {
    const rows = page(new TenantList(), entries, 1, { sort: "classification", descending: true });
    expect(rows.rows[0]?.name).toBe("delta");
    expect(page(new TenantList(), entries, 1, { classification: ["secret"] }).total).toBe(1);
  });

  test("a cursor is short, and a foreign one is refused", () => {
    const cursor = encodeCursor("x".repeat(40), "y".repeat(40));
    expect(cursor.length).toBeLessThan(200);
    expect(decodeCursor(cursor)).toEqual(["x".repeat(40), "y".repeat(40)]);
    for (const bad of ["nonsense", Buffer.from("[1]").toString("base64url")]) {
      expect(() => decodeCursor(bad)).toThrow("begin again without a cursor");
    }
  });
});
