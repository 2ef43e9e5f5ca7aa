/** What another had before: tokens with keys left in them, names that are taken, sealed seeds. */
import * as v from "valibot";
import { describe, expect, test, vi } from "vitest";
import type { Call } from "../../agent/bus/call.ts";
import { driverConfigSchema } from "../../agent/hsm/config.ts";
import { labelOf } from "../../agent/hsm/tokens/label.ts";
import { createTokens } from "../../agent/hsm/tokens/service.ts";
import { FakeTokens } from "../lib/fake-hsm-driver.ts";
import { type CoreBed, coreBed, driverFile, withKey, withToken } from "../lib/hsm-core.ts";

const caller = { user: "olga", uid: 1001 };
const call = { caller, member: "hsm.CreateKey", approvers: [], note: () => {} } as unknown as Call;

function tokensOf(bed: CoreBed) {
  const { drivers, book, declarations, store, records } = bed.core;
  return createTokens({
    ...{ drivers, book, declarations, node: "node1" },
    keysOf: () => undefined,
    alarmsOf: () => [],
    tenant: async () => {},
    living: async (token) =>
      store.foundIn(token, await records.fresh(token)).map(({ record }) => record.name),
    left: async (token) => store.livingIn(await records.fresh(token)),
    settled: () => {},
    changed: () => {},
  });
}

describe("a token with keys left in it", () => {
  const forget = (bed: CoreBed, tenant: string) => bed.declarations.change(tenant, () => []);

  test("is given to nobody, also not to a tenant of another name", async () => {
    const given = (tenant: string) => ({
      ...driverFile,
      tokens: [{ tenant, label: "partition-1" }],
    });
    const before = await coreBed({ files: { fake: given("defense") } });
    before.tokens.make("partition-1");
    const [opened] = before.core.drivers.all();
    if (opened === undefined) throw new Error("no driver");
    const token = await before.core.book.make("defense", "partition-1", opened, "olga");
    await withKey(before, token, "documents");
    await forget(before, "defense");
    const { tokens, declarations } = before;
    const next = await coreBed({ tokens, declarations, files: { fake: given("health") } });
    const made = tokensOf(next).handlers.CreateToken(call, "health", "fake");
    await expect(made).rejects.toMatchObject({
      code: "Conflict",
      message: expect.stringMatching(/is there already with the key documents/),
    });
    expect(declarations.book.get("health")).toBeUndefined();
  });

  test("that came back a moment ago is seen", async () => {
    const bed = await coreBed();
    const token = await withToken(bed, "defense");
    await withKey(bed, token, "documents");
    bed.tokens.takeAway("defense");
    bed.core.book.forgetInfos();
    await forget(bed, "defense");
    // What is remembered of the driver's tokens does not have it.
    const [opened] = bed.core.drivers.all();
    if (opened !== undefined) await bed.core.book.infos(opened);
    bed.tokens.bringBack("defense");
    const made = tokensOf(bed).handlers.CreateToken(call, "defense", "fake");
    await expect(made).rejects.toThrow(/is there already with the key documents/);
  });
});

test("a driver file gives no token to two tenants", () => {
  const tokens = [
    { tenant: "defense", label: "partition-1" },
    { tenant: "health", label: "partition-1" },
  ];
  const result = v.safeParse(driverConfigSchema, { ...driverFile, tokens });
  expect(result.issues?.[0].message).toMatch(/no two tenants share one/);
  const [own] = tokens;
  expect(v.is(driverConfigSchema, { ...driverFile, tokens: [own] })).toBe(true);
});

test("an approval to try a PIN once more holds for one token, and not for another of its label", async () => {
  const bed = await coreBed();
  await withToken(bed, "defense");
  const { RetryPin } = tokensOf(bed).fingerprints;
  const before = await RetryPin(call, "fake/defense");
  bed.tokens.takeAway("defense");
  bed.tokens.make("defense");
  bed.core.book.forgetInfos();
  expect(await RetryPin(call, "fake/defense")).not.toBe(before);
});

test("no rehearsal is held on hardware, also where it has no token yet", async () => {
  const hardware = new FakeTokens();
  hardware.hardware = true;
  // An empty slot, as modules list it.
  hardware.make("");
  const bed = await coreBed({ tokens: hardware });
  await expect(bed.core.book.rehearsal()).rejects.toMatchObject({ code: "Unavailable" });
  expect([...hardware.tokens.keys()]).toEqual([""]);
});

test("a name is one key's, also where the tenant has several tokens", async () => {
  const bed = await coreBed({ files: { fake: driverFile, second: driverFile } });
  for (const opened of bed.core.drivers.all())
    await bed.core.book.make("defense", labelOf("defense"), opened, "olga");
  const spec = { name: "documents", algorithm: "P-384", rotateDays: 0 } as const;
  const jobs = await Promise.all(
    ["fake", "second"].map((driver) =>
      bed.keys.handlers.CreateKey(call, "defense", { ...spec, driver }),
    ),
  );
  const states = await vi.waitFor(() => {
    const ended = jobs.map((id) => bed.jobs.get(id)?.state);
    expect(ended).not.toContain("running");
    return ended;
  });
  expect(states.toSorted()).toEqual(["failed", "succeeded"]);
  expect(await bed.core.store.list("defense")).toHaveLength(1);
});

test("who looks at a key sees that a seed is sealed, and not the sealed seed", async () => {
  const bed = await coreBed();
  const token = await withToken(bed, "defense");
  const { record } = await withKey(bed, token, "letters", { algorithm: "MLKEM768-P384" });
  const blob = record.versions[0]?.sealed?.blob ?? "";
  expect(blob).not.toBe("");
  const told = await bed.keys.handlers.Key(call, "defense", "letters");
  expect(told.record.versions[0]?.sealed).toMatchObject({
    blob: "",
    publicKey: expect.stringMatching(/./),
  });
  expect(JSON.stringify(told)).not.toContain(blob);
  expect((await bed.core.store.find("defense", "letters")).record).toEqual(record);
});
