/** What keys do by themselves, once, also where several nodes look at them. */
import { describe, expect, test } from "vitest";
import type { AuditPage } from "../../agent/audit/answers.ts";
import type { AskRecord } from "../../agent/hsm/statement/record.ts";
import { dueAct } from "../../agent/hsm/watch/schedule.ts";
import { type CoreBed, coreBed, officer, withKey, withToken } from "../lib/hsm-core.ts";
import { keyRecord } from "../lib/hsm-records.ts";

const past = "2026-01-01T00:00:00.000Z";
const future = "2099-01-01T00:00:00.000Z";
const now = Date.parse("2026-11-22T12:00:00.000Z");

describe("what is due", () => {
  test.each([
    ["nothing without times", {}, undefined],
    ["rotation", { rotateAt: past }, "rotate"],
    ["no rotation yet", { rotateAt: future }, undefined],
    ["no rotation of a suspended key", { state: "suspended", rotateAt: past }, undefined],
    ["expiry before rotation", { expireAt: past, rotateAt: past }, "deactivate"],
    ["expiry of a suspended key", { state: "suspended", expireAt: past }, "deactivate"],
    ["no expiry of what is deactivated", { state: "deactivated", expireAt: past }, undefined],
    ["activation", { state: "pre-active", activateAt: past }, "activate"],
    ["no activation yet", { state: "pre-active", activateAt: future }, undefined],
    ["the end", { state: "deactivated", stateBefore: "active", destroyAt: past }, "destroy"],
    ["no end yet", { state: "deactivated", stateBefore: "active", destroyAt: future }, undefined],
    [
      "no activation while the end waits",
      { state: "pre-active", stateBefore: "pre-active", activateAt: past, destroyAt: future },
      undefined,
    ],
    ["nothing after the end", { state: "destroyed", destroyAt: past, rotateAt: past }, undefined],
  ] as const)("is %s", (_what, changes, act) => {
    expect(dueAct(keyRecord(changes), now)).toBe(act);
  });
});

const acts = (bed: CoreBed) =>
  bed.audit.entries
    .filter(({ action }) => action.startsWith("hsm."))
    .map(({ action, outcome, actor }) => `${action} ${outcome} ${actor}`);

describe("the agent", () => {
  test("rotates what is due, once on two nodes, and on record as its own act", async () => {
    const one = await coreBed();
    const token = await withToken(one, "defense");
    await withKey(one, token, "documents", { rotateDays: 30, rotateAt: past });
    const two = await one.another("node2");
    await two.core.store.list("defense");
    await one.schedules.tick();
    await two.schedules.tick();
    await one.schedules.tick();
    const { record } = await two.core.store.find("defense", "documents");
    expect(record.versions).toHaveLength(2);
    expect(Date.parse(record.rotateAt ?? "")).toBeGreaterThan(Date.now() + 29 * 86_400_000);
    expect(acts(one)).toEqual(["hsm.Rotate success dsecos-agent"]);
    expect(one.tokens.tokens.get("defense")?.keys).toHaveLength(2);
  });

  test("destroys what is due with all of its objects, and leaves the tombstone", async () => {
    const bed = await coreBed();
    const token = await withToken(bed, "defense");
    const found = await withKey(bed, token, "documents", { algorithm: "MLDSA65-P384" });
    await bed.keys.rotateNow(found, "officer", "test");
    await bed.core.store.act("defense", "documents", "scheduleDestroy", officer, (record) => ({
      ...record,
      destroyAt: past,
    }));
    await bed.schedules.tick();
    const { record } = await bed.core.store.find("defense", "documents");
    expect(record.state).toBe("destroyed");
    for (const version of record.versions) {
      expect(version.destroyedAt).toBeDefined();
      expect(version.sealed?.blob).toBe("");
      expect(version.sealed?.publicKey).not.toBe("");
    }
    // The sealing key of the token stays.
    expect(bed.tokens.tokens.get("defense")?.keys.map(({ algorithm }) => algorithm)).toEqual([
      "AES-256",
    ]);
    expect(acts(bed)).toEqual(["hsm.Destroyed success dsecos-agent"]);
  });

  test("destroys nothing that was put off on another node since it looked", async () => {
    const one = await coreBed();
    const token = await withToken(one, "defense");
    await withKey(one, token, "documents");
    const schedule = (bed: CoreBed, destroyAt: string) =>
      bed.core.store.act("defense", "documents", "scheduleDestroy", officer, (record) => ({
        ...record,
        destroyAt,
      }));
    await schedule(one, past);
    const two = await one.another("node2");
    await two.core.store.list("defense");
    await one.core.store.act("defense", "documents", "cancelDestroy", officer);
    await schedule(one, future);
    await two.schedules.tick();
    const { record } = await two.core.store.find("defense", "documents");
    expect(record).toMatchObject({ state: "deactivated", destroyAt: future });
    expect(one.tokens.tokens.get("defense")?.keys).toHaveLength(1);
    expect(acts(one)).toEqual([]);
  });

  test("tells once what cannot be done, and does it when it can", async () => {
    const bed = await coreBed();
    const token = await withToken(bed, "defense");
    await withKey(bed, token, "documents", { expireAt: past });
    bed.fake.state = "restarting";
    await bed.schedules.tick();
    await bed.schedules.tick();
    expect(acts(bed)).toEqual(["hsm.Deactivate failure dsecos-agent"]);
    bed.fake.state = "ready";
    await bed.schedules.tick();
    expect(acts(bed).at(-1)).toBe("hsm.Deactivate success dsecos-agent");
    expect((await bed.core.store.find("defense", "documents")).record.state).toBe("deactivated");
  });
});

describe("a clock that went ahead", () => {
  const hourMs = 3_600_000;
  const dayMs = 24 * hourMs;
  const scheduled = Date.parse("2026-11-01T00:00:00.000Z");

  /** A fake of the audit log: something was put on record at each of these times. */
  const recordOf =
    (times: readonly number[]): AskRecord =>
    async ({ from = "", to = "" }) => {
      const isIn = (time: number) => time >= Date.parse(from) && time < Date.parse(to);
      return { rows: times.filter(isIn), next: "" } as unknown as AuditPage;
    };

  /** A node whose key is to be destroyed in 30 days, and rotates another; `now` is its clock. */
  async function node() {
    const clock = { now: scheduled };
    const times: number[] = [];
    const options = { now: () => new Date(clock.now), record: recordOf(times) };
    const bed = await coreBed(options);
    const token = await withToken(bed, "defense");
    const at = (days: number) => new Date(scheduled + days * dayMs).toISOString();
    await withKey(bed, token, "old", {
      ...{ createdAt: at(-100), state: "deactivated", stateBefore: "active", destroyAt: at(30) },
    });
    await withKey(bed, token, "turning", { createdAt: at(-100), rotateDays: 30, rotateAt: at(20) });
    const state = async (name: string) => {
      const { record } = await bed.core.store.find("defense", name);
      return `${record.state} ${record.versions.length}`;
    };
    /** Runs for so long, with something on record every hour. */
    const run = async (ms: number) => {
      for (const end = clock.now + ms; clock.now < end; clock.now += hourMs) {
        times.push(clock.now);
        await bed.schedules.tick();
      }
      await bed.schedules.tick();
    };
    const { tokens, declarations } = bed;
    const restarted = () => coreBed({ ...options, tokens, declarations });
    return { bed, clock, run, state, restarted };
  }

  test("destroys and rotates nothing at once, and that is an alarm", async () => {
    const { bed, clock, run, state } = await node();
    await run(4 * dayMs);
    clock.now = Date.parse("2037-01-01T00:00:00.000Z");
    await run(dayMs);
    expect([await state("old"), await state("turning")]).toEqual(["deactivated 1", "active 1"]);
    const [alarm, ...others] = bed.alarms.all();
    expect(others).toEqual([]);
    expect(alarm).toMatchObject({ kind: "clock", token: "", key: "" });
    expect(alarm?.what).toMatch(/due of 2 keys, .*timedatectl/);
    const recorded = bed.audit.entries.filter(({ action }) => action === "hsm.Alarm");
    expect(recorded).toHaveLength(1);
  });

  test("is forgotten when it is put right", async () => {
    const { bed, clock, run, state } = await node();
    await run(4 * dayMs);
    const right = clock.now;
    clock.now = Date.parse("2037-01-01T00:00:00.000Z");
    await run(dayMs);
    clock.now = right + dayMs;
    await run(hourMs);
    expect(bed.alarms.all()).toEqual([]);
    expect([await state("old"), await state("turning")]).toEqual(["deactivated 1", "active 1"]);
  });

  test("and an agent that starts then are no different: the log tells", async () => {
    const { clock, run, state, restarted } = await node();
    await run(4 * dayMs);
    clock.now = Date.parse("2037-01-01T00:00:00.000Z");
    await run(hourMs);
    const again = await restarted();
    await again.core.store.list("defense");
    await again.schedules.tick();
    expect(await state("old")).toBe("deactivated 1");
    expect(again.alarms.all()).toMatchObject([{ kind: "clock" }]);
  });

  test("is believed after two days, as that of a node that was off for weeks", async () => {
    const { bed, clock, run, state } = await node();
    await run(4 * dayMs);
    clock.now = scheduled + 60 * dayMs;
    await run(2 * dayMs - hourMs);
    expect(await state("old")).toBe("deactivated 1");
    await run(2 * hourMs);
    expect([await state("old"), await state("turning")]).toEqual(["destroyed 1", "active 2"]);
    expect(bed.alarms.all()).toEqual([]);
  });

  test("does not hold up a node that ran, nor what was made today", async () => {
    const { bed, clock, run, state } = await node();
    await run(31 * dayMs);
    expect([await state("old"), await state("turning")]).toEqual(["destroyed 1", "active 2"]);
    clock.now += 365 * dayMs;
    const token = await bed.core.book.of("defense");
    const now = new Date(clock.now).toISOString();
    await withKey(bed, token, "new", { createdAt: now, expireAt: now });
    await run(hourMs);
    expect(await state("new")).toBe("deactivated 1");
  });
});
