/** What keys do by themselves, once, also where several nodes look at them. */
import { describe, expect, test } from "vitest";
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
