import { expect, test } from "vitest";
import { encodeEvent } from "../../agent/audit/event.ts";
import { interruptedActs } from "../../agent/audit/interrupted.ts";
import { sameState } from "../../agent/audit/observe/same.ts";
import { gather, having } from "../../agent/audit/recent.ts";
import type { PlainEvent } from "../../agent/audit/segments/reader.ts";
import type { AuditEvent } from "../../agent/audit/types.ts";

const eventsOf = (entries: Partial<AuditEvent>[]): PlainEvent[] =>
  entries.map((entry, index) => {
    const whole = {
      action: "tenants.Create",
      outcome: "note",
      actor: "alice",
      uid: 1000,
      ...entry,
    };
    return { index, payload: encodeEvent(whole as AuditEvent, "n1").payload, committedAt: 0n };
  });

const interrupted = async (entries: Partial<AuditEvent>[]) =>
  (await interruptedActs(eventsOf(entries))).map(({ sequence }) => sequence);

test("an act is interrupted when its intent is not followed by what came of it", async () => {
  expect(
    await interrupted([
      { call: "a", outcome: "intent" },
      { call: "b", outcome: "intent" },
      { call: "c", outcome: "intent" },
      { call: "a", outcome: "success" },
      { call: "c", outcome: "note" },
      { call: "d", outcome: "refused" },
      { outcome: "intent" },
    ]),
  ).toEqual([2]);
});

test("only an entry's own call and outcome tell of an act, whatever its texts and details hold", async () => {
  const texts = { actor: 'a"\\,"call":"x', address: "::1", object: '","outcome":"intent","pid":1' };
  const nested = { call: "a", outcome: "success", deep: [{ call: "a", outcome: "intent" }] };
  expect(
    await interrupted([
      { ...texts, call: "a", outcome: "intent", details: nested, error: '"outcome":"note"' },
      { ...texts, outcome: "success", details: nested },
      { ...texts, call: "b", outcome: "intent", tenant: "t", flow: "f" },
      { ...texts, call: "b", outcome: "success", details: { outcome: "intent", call: "c" } },
      { ...texts, call: 'q"\\', outcome: "intent" },
      { ...texts, call: 'r"\\', outcome: "intent", details: {} },
      { ...texts, call: 'r"\\', outcome: "failure", details: {} },
    ]),
  ).toEqual([1, 5]);
});

test("of many events those with one of the texts are parsed, in their order", async () => {
  const many = Array.from({ length: 1000 }, (_, i) => ({
    action: i % 3 === 0 ? "state.Tenant" : "agent.start",
    ...(i % 5 === 0 ? { details: { job: { id: `j${i}`, ü: "“" } } } : {}),
  }));
  const events = eventsOf(many);
  const wanted = ['"action":"state.', '"job":{'];
  const expected = many.flatMap((_, i) => (i % 3 === 0 || i % 5 === 0 ? [i + 1] : []));
  const entries = having(events, wanted);
  expect(entries.map(({ sequence }) => sequence)).toEqual(expected);
  expect(entries[0]).toMatchObject({ details: { job: { id: "j0", ü: "“" } } });
  expect(await gather(events, wanted)).toEqual(entries);
  expect(having(events, ['"action":"none"'])).toEqual([]);
});

test("states are the same where their canonical JSON is", () => {
  const quota = { cpu: "1", ram: "1GiB" };
  const state = { name: "mod", quota, contacts: ["a", "b"], until: undefined, size: 5, none: null };
  expect(sameState(state, { ...state })).toBe(true);
  expect(sameState(state, JSON.parse(JSON.stringify(state)))).toBe(true);
  expect(sameState(state, { ...state, quota: { ram: "1GiB", cpu: "1" } })).toBe(true);
  for (const other of [
    { ...state, name: "nhs" },
    { ...state, quota: { ...quota, cpu: "2" } },
    { ...state, quota: null },
    { ...state, none: quota },
    { ...state, none: undefined },
    { ...state, contacts: ["b", "a"] },
    { ...state, size: "5" },
    { ...state, until: "now" },
    { name: "mod", quota, contacts: ["a", "b"], none: null },
  ]) {
    expect(sameState(state, other)).toBe(false);
    expect(sameState(other, state)).toBe(false);
  }
});
