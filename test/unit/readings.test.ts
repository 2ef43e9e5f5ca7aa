import { afterEach, beforeEach, expect, test, vi } from "vitest";
import type { AuditEvent } from "../../agent/audit/types.ts";
import type { Method } from "../../agent/bus/contract.ts";
import { Readings } from "../../agent/bus/readings.ts";

beforeEach(() => {
  vi.useFakeTimers({ toFake: ["performance"] });
});
afterEach(() => {
  vi.useRealTimers();
});

const paged = { continues: ["cursor", "after", "limit"] } as unknown as Method;
const reading = (filter: object, action = "audit.List"): AuditEvent => ({
  action,
  outcome: "success",
  actor: "jane",
  uid: 1000,
  details: { filter },
});

test("further pages of a reading go on with it for ten minutes", () => {
  const readings = new Readings();
  const first = reading({ tenant: "health", limit: 100 });
  expect(readings.goesOn(":1.1", paged, first)).toBe(false);
  readings.began(":1.1", paged, first);
  const next = reading({ tenant: "health", limit: 5, cursor: "42", after: 7 });
  expect(readings.goesOn(":1.1", paged, next)).toBe(true);
  vi.advanceTimersByTime(599_999);
  expect(readings.goesOn(":1.1", paged, next)).toBe(true);
  vi.advanceTimersByTime(1);
  expect(readings.goesOn(":1.1", paged, next)).toBe(false);
});

test("another filter, member or connection is another reading", () => {
  const readings = new Readings();
  readings.began(":1.1", paged, reading({ tenant: "health" }));
  expect(readings.goesOn(":1.1", paged, reading({ tenant: "defense" }))).toBe(false);
  expect(readings.goesOn(":1.1", paged, reading({}))).toBe(false);
  expect(readings.goesOn(":1.1", paged, reading({ tenant: "health" }, "audit.Show"))).toBe(false);
  expect(readings.goesOn(":1.2", paged, reading({ tenant: "health" }))).toBe(false);
});

test("a member that says nothing of it is recorded each time", () => {
  const readings = new Readings();
  const shown = {} as Method;
  readings.began(":1.1", shown, reading({}));
  expect(readings.goesOn(":1.1", shown, reading({}))).toBe(false);
});
