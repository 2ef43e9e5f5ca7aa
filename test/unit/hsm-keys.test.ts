/** Keys in tokens: records, versions, what is cut off, and several nodes at one token. */
import { describe, expect, test } from "vitest";
import { algorithms } from "../../agent/hsm/algorithms.ts";
import { DriverError } from "../../agent/hsm/driver/types.ts";
import { namesIn } from "../../agent/hsm/keys/stored.ts";
import { Killed } from "../lib/fake-hsm-driver.ts";
import { type CoreBed, coreBed, officer, withKey, withToken } from "../lib/hsm-core.ts";

const labels = (bed: CoreBed) =>
  bed.tokens.tokens
    .get("defense")
    ?.records.map(({ label }) => label)
    .sort();
const objects = (bed: CoreBed) => bed.tokens.tokens.get("defense")?.keys ?? [];

describe("making a key", () => {
  test.each(algorithms)("keeps %s as its record says", async (algorithm) => {
    const bed = await coreBed();
    const token = await withToken(bed, "defense");
    const { record, frozen } = await withKey(bed, token, "documents", { algorithm });
    const [version] = record.versions;
    const inToken = record.protection !== "sealed";
    expect(version?.id === undefined).toBe(!inToken);
    expect(version?.sealed === undefined).toBe(record.protection === "inToken");
    expect(frozen).toBe("");
    const ids = objects(bed).map(({ id }) => id);
    if (inToken) expect(ids).toContain(version?.id);
    if (version?.sealed !== undefined) expect(ids).toContain(version.sealed.under);
  });

  test("seals no ML-DSA where the token has the mechanism, under a vendor's number too", async () => {
    const numbers = { ML_DSA_KEY_PAIR_GEN: "0x80000123" };
    const file = { module: "/fake.so", region: "UK", pin: { credential: "hsm-fake" }, numbers };
    const bed = await coreBed({ files: { fake: file } });
    bed.tokens.mechanisms = ["0x80000123"];
    const token = await withToken(bed, "defense");
    const { record } = await withKey(bed, token, "documents", { algorithm: "ML-DSA-65" });
    expect(record.protection).toBe("inToken");
  });

  test("seals all of a token's seeds under one key", async () => {
    const bed = await coreBed();
    const token = await withToken(bed, "defense");
    const both = await Promise.all(
      ["first", "second"].map((name) => withKey(bed, token, name, { algorithm: "ML-KEM-768" })),
    );
    const under = both.map(({ record }) => record.versions[0]?.sealed?.under);
    expect(new Set(under).size).toBe(1);
  });

  test("refuses a second key of the name, also while the first is being made", async () => {
    const bed = await coreBed();
    const token = await withToken(bed, "defense");
    const made = await Promise.allSettled([
      withKey(bed, token, "documents"),
      withKey(bed, token, "documents"),
    ]);
    expect(made.map(({ status }) => status).sort()).toEqual(["fulfilled", "rejected"]);
    expect(objects(bed)).toHaveLength(1);
  });
});

test("a key that a token cannot finish leaves nothing, and its name free", async () => {
  const bed = await coreBed();
  const token = await withToken(bed, "defense");
  const { generateSealed } = bed.fake;
  bed.fake.generateSealed = () => Promise.reject(new DriverError("full", "no room"));
  const made = withKey(bed, token, "documents", { algorithm: "MLDSA65-P384" });
  await expect(made).rejects.toThrow(/has no room left/);
  expect(labels(bed)).toEqual(["seal"]);
  expect(objects(bed).map(({ algorithm }) => algorithm)).toEqual(["AES-256"]);
  bed.fake.generateSealed = generateSealed;
  await withKey(bed, token, "documents", { algorithm: "MLDSA65-P384" });
});

describe("cut off by a kill", () => {
  /** How many changes of the token an act takes. */
  async function countChanges(act: (bed: CoreBed) => Promise<unknown>): Promise<number> {
    const bed = await coreBed();
    const token = await withToken(bed, "defense");
    await withKey(bed, token, "before");
    const { changes } = bed.fake;
    await act(bed);
    return bed.fake.changes - changes;
  }

  const acts: Record<string, (bed: CoreBed) => Promise<unknown>> = {
    "making P-384": async (bed) => withKey(bed, await bed.core.book.of("defense"), "documents"),
    "making a hybrid": async (bed) =>
      withKey(bed, await bed.core.book.of("defense"), "documents", { algorithm: "MLDSA65-P384" }),
    rotating: async (bed) =>
      bed.keys.rotateNow(await bed.core.store.find("defense", "before"), "officer", "test"),
  };

  test.each(Object.keys(acts))("%s leaves all or nothing after the next start", async (name) => {
    const act = acts[name] as (bed: CoreBed) => Promise<unknown>;
    const steps = await countChanges(act);
    expect(steps).toBeGreaterThan(2);
    for (let killed = 0; killed < steps; killed += 1) {
      const bed = await coreBed();
      await withKey(bed, await withToken(bed, "defense"), "before");
      bed.fake.killedAt = bed.fake.changes + killed;
      await expect(act(bed), `before change ${killed}`).rejects.toThrow(Killed);
      const next = await bed.another();
      const token = await next.core.book.of("defense");
      await next.reconciler.token(token);
      expect(next.alarms.all(), `before change ${killed}`).toEqual([]);
      const contents = await next.core.records.fresh(token);
      expect(namesIn(contents)).toEqual(["before"]);
      const { record } = await next.core.store.find("defense", "before");
      expect(record.versions).toHaveLength(1);
      // Of what broke off only the sealing key may stay, which the next key takes.
      const left = labels(next)?.filter((label) => label !== "seal");
      expect(left, `before change ${killed}`).toEqual(["key/before", "key/before/1"]);
      await act(next);
    }
  });

  test("a destroyed key's objects are gone after the next start", async () => {
    for (const killed of [1, 2, 3]) {
      const bed = await coreBed();
      const token = await withToken(bed, "defense");
      await withKey(bed, token, "documents");
      await bed.core.store.act("defense", "documents", "scheduleDestroy", officer, (record) => ({
        ...record,
        destroyAt: "2026-01-01T00:00:00.000Z",
      }));
      bed.fake.killedAt = bed.fake.changes + killed;
      // Three changes: the state, the object, the tombstone.
      if (killed < 3) await expect(bed.schedules.tick()).rejects.toThrow(Killed);
      else await bed.schedules.tick();
      const next = await bed.another();
      await next.reconciler.token(await next.core.book.of("defense"));
      const { record } = await next.core.store.find("defense", "documents");
      expect(record.state).toBe("destroyed");
      expect(record.versions[0]?.destroyedAt).toBeDefined();
      expect(record.versions[0]?.spki).toBeDefined();
      expect(objects(next)).toEqual([]);
      expect(next.alarms.all()).toEqual([]);
    }
  });

  test("what broke off is waited for as long as a driver may go on with it", async () => {
    const bed = await coreBed();
    const token = await withToken(bed, "defense");
    bed.fake.killedAt = bed.fake.changes + 1;
    await expect(withKey(bed, token, "documents")).rejects.toThrow(Killed);
    const { tokens, declarations, audit } = bed;
    const next = await coreBed({ tokens, declarations, audit });
    await next.reconciler.token(await next.core.book.of("defense"));
    expect(next.reconciler.waits).toBe(true);
    expect(labels(next)).toEqual(["key/documents/1"]);
    const later = await bed.another();
    await later.reconciler.token(await later.core.book.of("defense"));
    expect(later.reconciler.waits).toBe(false);
    expect(labels(later)).toEqual([]);
  });

  test("what another node makes is left to it for a quarter of an hour", async () => {
    const bed = await coreBed();
    const token = await withToken(bed, "defense");
    await withKey(bed, token, "before");
    bed.fake.killedAt = bed.fake.changes + 2;
    await expect(withKey(bed, token, "documents")).rejects.toThrow(Killed);
    const other = await bed.another("node2");
    await other.reconciler.token(await other.core.book.of("defense"));
    expect(labels(other)).toContain("key/documents/1");
    const later = () => new Date(Date.now() + 3_600_000);
    const { tokens, declarations, audit } = bed;
    const third = await coreBed({ tokens, declarations, audit, node: "node3", now: later });
    await third.reconciler.token(await third.core.book.of("defense"));
    expect(labels(third)).not.toContain("key/documents/1");
  });
});

describe("several nodes", () => {
  test("one of two rotations comes about", async () => {
    const one = await coreBed();
    await withKey(one, await withToken(one, "defense"), "documents");
    const two = await one.another("node2");
    const found = await two.core.store.find("defense", "documents");
    await one.keys.rotateNow(await one.core.store.find("defense", "documents"), "a", "test");
    await expect(two.keys.rotateNow(found, "b", "test")).rejects.toThrow(/documents/);
    const third = await one.another("node3");
    const { record } = await third.core.store.find("defense", "documents");
    expect(record.versions).toHaveLength(2);
    expect(objects(third)).toHaveLength(2);
  });

  test("an act on an old record is decided by what the token has", async () => {
    const one = await coreBed();
    await withKey(one, await withToken(one, "defense"), "documents");
    const two = await one.another("node2");
    await two.core.store.find("defense", "documents");
    await one.core.store.act("defense", "documents", "compromise", officer);
    await expect(two.core.store.act("defense", "documents", "suspend", officer)).rejects.toThrow(
      "documents is compromised; it protects nothing any more.",
    );
  });
});

describe("finding", () => {
  test("says the same of a key that is not there, is another's, or whose tenant is not there", async () => {
    const bed = await coreBed();
    await withKey(bed, await withToken(bed, "defense"), "documents");
    await withToken(bed, "health");
    const said = async (tenant: string, key: string) =>
      bed.core.store.find(tenant, key).catch((error) => String(error).replaceAll(tenant, "T"));
    const none = await said("health", "documents");
    expect(none).toMatch(/NotFound: There is no key documents of T/);
    expect(await said("nobody", "documents")).toBe(none);
  });

  test("takes no record that was copied from another tenant's token", async () => {
    const bed = await coreBed();
    await withKey(bed, await withToken(bed, "defense"), "documents");
    await withToken(bed, "health");
    const [from, to] = ["defense", "health"].map((label) => bed.tokens.tokens.get(label));
    if (from === undefined || to === undefined) throw new Error("no tokens");
    to.records = [...from.records];
    to.keys = [...from.keys];
    await expect(bed.core.store.find("health", "documents")).rejects.toThrow(/no key documents/);
  });

  test("does not say that a key is not there while a token of the tenant is away", async () => {
    const bed = await coreBed();
    await withKey(bed, await withToken(bed, "defense"), "documents");
    const next = await bed.another();
    bed.tokens.takeAway("defense");
    await expect(next.core.store.find("defense", "documents")).rejects.toThrow(
      /not there, which does not mean that its keys are gone/,
    );
    const { keys, missing } = await next.core.everything();
    expect(keys).toEqual([]);
    expect(missing).toEqual([expect.stringMatching(/^fake\/defense: /)]);
  });
});
