/** Records beside objects: what is missing is an alarm and freezes, and is never "no keys". */
import { describe, expect, test } from "vitest";
import type { KeyInToken } from "../../agent/hsm/driver/types.ts";
import { alarmAction } from "../../agent/hsm/watch/alarms.ts";
import type { Alarm } from "../../agent/hsm/watch/answers.ts";
import { type CoreBed, coreBed, withKey, withToken } from "../lib/hsm-core.ts";

const never = new AbortController().signal;

async function bedWithKey(algorithm: "P-384" | "ML-DSA-65" = "P-384") {
  const bed = await coreBed();
  const token = await withToken(bed, "defense");
  const { record } = await withKey(bed, token, "documents", { algorithm });
  await bed.reconciler.all(never);
  expect(bed.alarms.all()).toEqual([]);
  return { bed, token, record };
}

function inside(bed: CoreBed) {
  const token = bed.tokens.tokens.get("defense");
  if (token === undefined) throw new Error("the token is away");
  return token;
}

const recorded = (bed: CoreBed) =>
  bed.audit.entries
    .filter(({ action }) => action === alarmAction)
    .map(({ outcome, details }) => {
      const { alarm, over } = details as { alarm: Alarm; over: boolean };
      return `${alarm.kind} ${over ? "over" : "began"} ${outcome}`;
    });

describe("an object that is gone", () => {
  test("freezes its key, is one alarm on record, and is over when it is back", async () => {
    const { bed } = await bedWithKey();
    const token = inside(bed);
    const { keys } = token;
    token.keys = [];
    await bed.reconciler.all(never);
    await bed.reconciler.all(never);
    expect(bed.alarms.all()).toMatchObject([{ kind: "keyMissing", key: "documents" }]);
    expect(recorded(bed)).toEqual(["keyMissing began failure"]);
    const { frozen } = await bed.core.store.find("defense", "documents");
    expect(frozen).toMatch(/has no object in fake\/defense any more; restore/);
    token.keys = keys;
    await bed.reconciler.all(never);
    expect(bed.alarms.all()).toEqual([]);
    expect(recorded(bed)).toEqual(["keyMissing began failure", "keyMissing over note"]);
    expect((await bed.core.store.find("defense", "documents")).frozen).toBe("");
  });

  test("keeps its key frozen over the agent's next start, until its token was looked through", async () => {
    const { bed } = await bedWithKey();
    const token = inside(bed);
    const { keys } = token;
    token.keys = [];
    await bed.reconciler.all(never);
    const next = await bed.another();
    next.alarms.restore(bed.audit.entries);
    next.reconciler.restore();
    const { frozen } = await next.core.store.find("defense", "documents");
    expect(frozen).toMatch(/has no object in fake\/defense any more/);
    // Nobody could be asked: it stays so.
    next.fake.state = "restarting";
    await next.reconciler.all(never);
    expect((await next.core.store.find("defense", "documents")).frozen).toBe(frozen);
    next.fake.state = "ready";
    token.keys = keys;
    await next.reconciler.all(never);
    expect((await next.core.store.find("defense", "documents")).frozen).toBe("");
  });

  test("is nothing that the agent makes anew or forgets", async () => {
    const { bed, record } = await bedWithKey();
    inside(bed).keys = [];
    const { changes } = bed.fake;
    await bed.reconciler.all(never);
    expect(bed.fake.changes).toBe(changes);
    expect((await bed.core.store.find("defense", "documents")).record).toEqual(record);
  });

  test("freezes what is sealed under it", async () => {
    const { bed } = await bedWithKey("ML-DSA-65");
    inside(bed).keys = [];
    await bed.reconciler.all(never);
    expect((await bed.core.store.find("defense", "documents")).frozen).toMatch(/no object/);
  });

  test("keeps a frozen key from being rotated", async () => {
    const { bed } = await bedWithKey();
    inside(bed).keys = [];
    await bed.reconciler.all(never);
    const found = await bed.core.store.find("defense", "documents");
    await expect(bed.keys.rotateNow(found, "officer", "test")).rejects.toThrow(/no object/);
  });
});

describe("an object that is not as it must be", () => {
  const weak: [string, Partial<KeyInToken>][] = [
    ["extractable", { extractable: true }],
    ["once extractable", { neverExtractable: false }],
    ["not sensitive", { sensitive: false }],
    ["once not sensitive", { alwaysSensitive: false }],
    ["brought in", { local: false }],
  ];
  test.each(weak)("freezes a key that is %s", async (_what, attributes) => {
    const { bed } = await bedWithKey();
    const token = inside(bed);
    token.keys = token.keys.map((key) => ({ ...key, ...attributes }));
    await bed.reconciler.all(never);
    expect(bed.alarms.all()).toMatchObject([{ kind: "weakKey" }]);
    expect((await bed.core.store.find("defense", "documents")).frozen).not.toBe("");
  });

  test("freezes a key whose id two objects have, or whose public half is another", async () => {
    const { bed } = await bedWithKey();
    const token = inside(bed);
    const [key] = token.keys;
    if (key === undefined) throw new Error("no key");
    token.keys = [key, key];
    await bed.reconciler.all(never);
    expect(bed.alarms.all()).toMatchObject([{ kind: "ambiguous" }]);
    token.keys = [{ ...key, spki: Buffer.from("another") }];
    await bed.reconciler.all(never);
    expect(bed.alarms.all()).toMatchObject([{ kind: "otherKey" }]);
  });

  test("tells an object that no record names, and leaves it", async () => {
    const { bed } = await bedWithKey();
    await bed.fake.generateKey("defense", "f".repeat(32), "AES-256");
    await bed.reconciler.all(never);
    expect(bed.alarms.all()).toMatchObject([{ kind: "unknownObject", key: "f".repeat(32) }]);
    expect(inside(bed).keys).toHaveLength(2);
  });

  test("takes objects for its own that a record of any area names", async () => {
    const { bed, token } = await bedWithKey();
    const id = "a".repeat(32);
    await bed.fake.generateKey("defense", id, "P-384");
    const authority = { revision: 1, key: { id } };
    await bed.core.records.write(token, "ca/issuing", authority);
    await bed.reconciler.all(never);
    expect(bed.alarms.all()).toEqual([]);
  });

  test("tells a record that cannot be read, and a version that lost its own", async () => {
    const { bed } = await bedWithKey();
    const token = inside(bed);
    token.records = token.records.map((one) =>
      one.label === "key/documents/1" ? { ...one, value: Buffer.from("{") } : one,
    );
    const next = await bed.another();
    await next.reconciler.all(never);
    expect(next.alarms.all()).toMatchObject([
      // Nothing says any more that it is ours.
      { kind: "unknownObject" },
      { kind: "unreadable", key: "key/documents/1" },
    ]);
    expect((await next.core.store.find("defense", "documents")).frozen).toMatch(/version 1 of 1/);
  });
});

describe("a token that is gone", () => {
  test("is missed by an agent that starts later, once on record, and taken back", async () => {
    const { bed } = await bedWithKey();
    bed.tokens.takeAway("defense");
    const next = await bed.another();
    await next.reconciler.all(never);
    expect(next.alarms.all()).toMatchObject([{ kind: "tokenAbsent", token: "fake/defense" }]);
    const later = await bed.another();
    later.alarms.restore(later.audit.entries);
    await later.reconciler.all(never);
    expect(recorded(bed)).toEqual(["tokenAbsent began failure"]);
    bed.tokens.bringBack("defense");
    await later.reconciler.all(never);
    expect(later.alarms.all()).toEqual([]);
    expect((await later.core.store.find("defense", "documents")).frozen).toBe("");
  });

  test("keeps its alarm while its driver is away", async () => {
    const { bed } = await bedWithKey();
    inside(bed).keys = [];
    await bed.reconciler.all(never);
    bed.fake.state = "restarting";
    const failures: unknown[] = [];
    await bed.reconciler.all(never, (_token, error) => failures.push(error));
    expect(failures).toEqual([expect.stringMatching(/The driver fake is not ready/)]);
    expect(bed.alarms.all()).toMatchObject([{ kind: "keyMissing" }]);
  });

  test("is not missed on a node that did not make it", async () => {
    const { bed } = await bedWithKey();
    bed.tokens.takeAway("defense");
    const other = await bed.another("node2");
    await other.reconciler.all(never);
    expect(other.alarms.all()).toEqual([]);
  });

  test("is told from another that took its label", async () => {
    const { bed } = await bedWithKey();
    bed.tokens.takeAway("defense");
    bed.tokens.make("defense");
    await bed.reconciler.all(never);
    expect(bed.alarms.all()).toMatchObject([{ kind: "otherToken" }]);
  });
});
