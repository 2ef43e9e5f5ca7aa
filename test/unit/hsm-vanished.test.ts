/** A token that vanished keeps its label: another of it would make both of no use. */
import { expect, test } from "vitest";
import type { Call } from "../../agent/bus/call.ts";
import { createTokens } from "../../agent/hsm/tokens/service.ts";
import { alarmAction } from "../../agent/hsm/watch/alarms.ts";
import { type CoreBed, coreBed, withKey } from "../lib/hsm-core.ts";

const never = new AbortController().signal;
const call = { caller: { user: "officer" } } as Call;

function tokensOf(bed: CoreBed) {
  const { drivers, book, declarations } = bed.core;
  const { handlers } = createTokens({
    ...{ drivers, book, declarations, node: "node1" },
    keysOf: () => undefined,
    alarmsOf: (id) => bed.alarms.of(id),
    tenant: async () => {},
    living: async () => [],
    settled: () => {},
    changed: () => {},
  });
  return {
    forget: () => handlers.ForgetToken(call, "fake/defense"),
    create: () => handlers.CreateToken(call, "defense", "fake"),
    rows: async () => (await handlers.Tokens(call, filter)).rows,
  };
}

const filter = {
  ...{ search: "", tenant: "", driver: "", region: "", state: [], troubled: false },
  ...{ sort: "id" as const, descending: false, cursor: "", limit: 100 },
};

test("is not made anew, and is used again when it is back", async () => {
  const bed = await coreBed();
  const { create } = tokensOf(bed);
  await create();
  await expect(create()).rejects.toThrow("defense has the token fake/defense already; use it.");
  bed.tokens.takeAway("defense");
  bed.core.book.forgetInfos();
  await expect(create()).rejects.toMatchObject({
    code: "Conflict",
    message: expect.stringMatching(/fake\/defense, which is gone; bring it back .*, or forget it/),
  });
  expect(bed.fake.calls.filter((name) => name.startsWith("createToken"))).toHaveLength(1);
  bed.tokens.bringBack("defense");
  bed.core.book.forgetInfos();
  const token = await bed.core.book.of("defense");
  expect((await withKey(bed, token, "documents")).record.state).toBe("active");
});

test("that came back beside another is an alarm, and over when one of them is gone", async () => {
  const bed = await coreBed();
  const { create, rows } = tokensOf(bed);
  await create();
  bed.tokens.doubled.add("defense");
  const told: (string | undefined)[] = [];
  await bed.reconciler.all(never, (_token, error) => told.push(error));
  expect(told).toEqual([undefined]);
  expect(bed.alarms.all()).toMatchObject([{ kind: "ambiguous", token: "fake/defense", key: "" }]);
  const [row] = await rows();
  expect(row?.troubles).toEqual([expect.stringMatching(/^More than one token is called fake/)]);
  const token = await bed.core.book.of("defense");
  await expect(withKey(bed, token, "documents")).rejects.toThrow(/More than one token is called/);
  bed.tokens.doubled.clear();
  await bed.reconciler.all(never);
  expect(bed.alarms.all()).toEqual([]);
  const recorded = bed.audit.entries.filter(({ action }) => action === alarmAction);
  expect(recorded.map(({ outcome }) => outcome)).toEqual(["failure", "note"]);
});

test("and was forgotten is no alarm any more, nor are its keys known", async () => {
  const bed = await coreBed();
  const { create, forget } = tokensOf(bed);
  await create();
  const token = await bed.core.book.of("defense");
  await withKey(bed, token, "documents");
  await bed.reconciler.all(never);
  bed.tokens.takeAway("defense");
  bed.core.book.forgetInfos();
  await bed.reconciler.all(never);
  expect(bed.alarms.all()).toMatchObject([{ kind: "tokenAbsent", token: "fake/defense" }]);
  await bed.alarms.found("", [{ kind: "clock", token: "", tenant: "", key: "", what: "It." }]);
  await forget();
  await bed.reconciler.all(never);
  expect(bed.alarms.all()).toMatchObject([{ kind: "clock" }]);
  expect(bed.core.records.peek("fake/defense")).toBeUndefined();
  expect(bed.core.frozen.size).toBe(0);
});
