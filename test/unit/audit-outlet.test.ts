/** The way of sources' events into the log: rates, order, waiting while the disk is full. */
import { afterEach, beforeEach, expect, test, vi } from "vitest";
import { toEvent } from "../../agent/audit/sources/incus.ts";
import { aboutSource, Outlet } from "../../agent/audit/sources/outlet.ts";
import { createSources } from "../../agent/audit/sources/sources.ts";
import type { AuditEvent } from "../../agent/audit/types.ts";
import { DsecosError } from "../../agent/bus/errors.ts";
import { RecordingAudit } from "../lib/recording-audit.ts";

beforeEach(() => {
  vi.useFakeTimers();
});
afterEach(() => vi.useRealTimers());

const event = (action: string) => ({ ...aboutSource("journal", action, {}), details: { at: "x" } });

function outletWith(audit: RecordingAudit, burst = 10, perSecond = 1) {
  let now = 0;
  const outlet = new Outlet({
    source: "journal",
    audit,
    log: () => {},
    rate: { burst, perSecond },
    now: () => now,
  });
  const pass = (ms: number) => {
    now += ms;
  };
  return { outlet, pass };
}

test("a flood is recorded at a bounded rate, and what is left out is counted by action", async () => {
  const audit = new RecordingAudit();
  const { outlet, pass } = outletWith(audit);
  let settled = 0;
  for (let i = 0; i < 1_000; i++) {
    outlet.put(event(i % 4 === 0 ? "Odd" : "Even"), false, () => {
      settled += 1;
    });
  }
  await vi.advanceTimersByTimeAsync(0);
  expect(audit.entries).toHaveLength(10);
  expect(settled).toBe(1_000);
  expect(outlet.suppressed).toBe(990);
  // Rare and important ones still come through.
  outlet.put(event("Login"), true);
  pass(5_000);
  for (let i = 0; i < 10; i++) outlet.put(event("Even"), false);
  await vi.advanceTimersByTimeAsync(60_000);
  const told = audit.entries.at(-1);
  expect(told).toMatchObject({
    source: "journal",
    action: "journal.Suppressed",
    outcome: "note",
    actor: "agent",
    details: {
      total: 995,
      actions: { "journal.Odd": { count: 247 }, "journal.Even": { count: 748 } },
    },
  });
  expect(audit.entries.filter(({ action }) => action === "journal.Login")).toHaveLength(1);
  expect(audit.entries).toHaveLength(10 + 1 + 5 + 1);
});

test("counts that were not told yet are told when it ends", async () => {
  const audit = new RecordingAudit();
  const { outlet } = outletWith(audit, 1);
  for (let i = 0; i < 3; i++) outlet.put(event("Even"), false);
  const ended = outlet.stop();
  await vi.advanceTimersByTimeAsync(100);
  await ended;
  expect(audit.entries.at(-1)).toMatchObject({
    action: "journal.Suppressed",
    details: { total: 2 },
  });
});

test("while the log cannot be written all wait, and follow in their order", async () => {
  const audit = new RecordingAudit();
  const { outlet } = outletWith(audit, 10_000);
  audit.failure = new DsecosError("Unavailable", "The disk is full.");
  for (let i = 0; i < 512; i++) outlet.put(event(`E${i}`), false);
  await vi.advanceTimersByTimeAsync(0);
  expect(outlet.full).toBe(true);
  expect(outlet.trouble).toContain("cannot be written");
  let room = false;
  void outlet.room().then(() => {
    room = true;
  });
  await vi.advanceTimersByTimeAsync(10_000);
  expect(room).toBe(false);
  audit.failure = undefined;
  await vi.advanceTimersByTimeAsync(30_000);
  expect(room).toBe(true);
  expect(outlet.trouble).toBe("");
  expect(audit.entries.map(({ action }) => action)).toEqual(
    Array.from({ length: 512 }, (_, i) => `journal.E${i}`),
  );
});

test("an event that the log will never take does not hold up the others", async () => {
  const audit = new RecordingAudit();
  const { outlet } = outletWith(audit);
  const append = audit.append.bind(audit);
  audit.append = (one: AuditEvent) =>
    one.action === "journal.Bad" ? Promise.reject(new TypeError("no JSON")) : append(one);
  for (const name of ["Good", "Bad", "Good"]) outlet.put(event(name), false);
  await vi.advanceTimersByTimeAsync(0);
  expect(audit.entries.map(({ action }) => action)).toEqual(["journal.Good", "journal.Good"]);
  expect(outlet.suppressed).toBe(1);
});

test("details that might be too long for the log are shortened, not dropped", async () => {
  const audit = new RecordingAudit();
  const { outlet } = outletWith(audit);
  const details = {
    serial: 5,
    cursor: "c".repeat(300),
    a: "é".repeat(9_000),
    list: ["y".repeat(9_000)],
  };
  outlet.put({ ...event("Long"), details }, false);
  await vi.advanceTimersByTimeAsync(0);
  const found = audit.entries[0]?.details;
  expect(found).toMatchObject({ serial: 5, cursor: "c".repeat(300) });
  expect(JSON.stringify(found).length).toBeLessThan(1_000);
});

test("an event of Incus tells the tenant, the object and who asked", () => {
  const incus = {
    action: "instance-created",
    project: "mod",
    source: "/1.0/instances/web",
    time: "2026-11-21T20:00:00Z",
    location: "node1",
    requestor: { username: "alice", protocol: "tls", address: "192.0.2.7:4711" },
    context: { type: "container", nested: { a: 1 } },
  };
  expect(toEvent(incus)).toMatchObject({
    source: "incus",
    action: "incus.instance-created",
    outcome: "success",
    actor: "alice",
    uid: -1,
    tenant: "mod",
    object: "/1.0/instances/web",
    address: "192.0.2.7:4711",
    details: { protocol: "tls", member: "node1", type: "container", nested: '{"a":1}' },
  });
  const own = { ...incus, requestor: { username: "root", protocol: "unix", address: "@" } };
  expect(toEvent(own)).toMatchObject({ actor: "root", uid: 0 });
  expect(toEvent(own).address).toBeUndefined();
  const bare = { ...incus, action: "x y\n", project: "default", requestor: undefined };
  expect(toEvent(bare)).toMatchObject({ action: "incus.unknown", actor: "incus" });
  expect(toEvent(bare).tenant).toBeUndefined();
});

test("sources that find no engine say so, and stop", async () => {
  vi.useRealTimers();
  const audit = new RecordingAudit();
  const sources = createSources({
    audit,
    log: () => {},
    incusSocket: "/nonexistent/incus",
    auditdSocket: "/nonexistent/auditd",
    auditdLog: "/nonexistent/audit.log",
  });
  await sources.start([], async () => undefined);
  await vi.waitFor(() => expect(sources.status()[0]?.state).toBe("absent"), 5_000);
  const rows = sources.status();
  expect(rows.map(({ name }) => name)).toEqual(["auditd", "journal", "incus"]);
  for (const { text } of rows) expect(text).toMatch(/\.$/);
  await sources.stop();
  const actions = audit.entries.map(({ action }) => action);
  expect(actions).toContain("auditd.Stopped");
  expect(actions).toContain("journal.Stopped");
});
