/**
 * A key of another tenant is like none at all: for every member that names a key, the same error by
 * the same steps, of which none is at the other's token. Who asks learns nothing, from the answer or
 * from the time that it takes.
 */
import { beforeEach, describe, expect, test, vi } from "vitest";
import type { Call } from "../../agent/bus/call.ts";
import { hsm } from "../../agent/hsm/contract.ts";
import type { Jurisdiction } from "../../agent/hsm/jurisdiction/guard.ts";
import { toSpki } from "../../agent/hsm/pq/spki.ts";
import { createStatements } from "../../agent/hsm/statement/service.ts";
import { packBlob } from "../../agent/hsm/use/blob.ts";
import { Meter } from "../../agent/hsm/use/meter.ts";
import { createUses } from "../../agent/hsm/use/service.ts";
import { FakeDriver } from "../lib/fake-hsm-driver.ts";
import { type CoreBed, coreBed, withKey, withToken } from "../lib/hsm-core.ts";

const theirs = "documents";
const nobodys = "memoranda";
const data = packBlob("data", 1, Buffer.alloc(40)).toString("base64");
const wrapped = packBlob("dataKey", 1, Buffer.alloc(60)).toString("base64");
const envelope = packBlob("envelope", 1, Buffer.alloc(2000)).toString("base64");
const publicKey = Buffer.from(toSpki("ML-KEM-768", Buffer.alloc(1184, 1))).toString("base64");
const recipient = {
  tenant: "there",
  key: "inbox",
  version: 1,
  region: "UK",
  publicKey,
  context: "",
};

/** What each member takes behind tenant and key. */
const inputs: Record<string, unknown[]> = {
  Key: [],
  PublicKey: [0],
  Rotate: [],
  ...Object.fromEntries(
    ["Activate", "Suspend", "Resume", "Deactivate", "Compromise", "CancelDestroy"].map((act) => [
      act,
      ["test"],
    ]),
  ),
  SetRotation: [30],
  Destroy: [7],
  Sign: ["test", data],
  Verify: ["test", data, data],
  Encrypt: ["test", "", data],
  Decrypt: ["test", "", data],
  DataKeys: ["test", "", 1],
  DecryptDataKey: ["test", "", wrapped],
  SealEnvelope: ["test", "", data],
  OpenEnvelope: ["test", "", envelope],
  Transfer: ["test", wrapped, "", recipient],
  Usage: [7],
};
const members = Object.entries(hsm.methods).filter(
  ([, method]) => "object" in method && method.object === "key",
);

type Ask = (call: Call, ...inputs: unknown[]) => Promise<unknown>;
let bed: CoreBed;
let handlers: Record<string, Ask>;
let fingerprints: Record<string, Ask>;
/** What the driver was asked, and of which token. */
let steps: string[];

beforeEach(async () => {
  bed = await coreBed();
  const token = await withToken(bed, "defense");
  await withKey(bed, token, theirs, { algorithm: "AES-256", purpose: "encrypt" });
  await withKey(bed, await withToken(bed, "health"), "own");
  const { store, book } = bed.core;
  const allowed = { allowed: true, rule: "use.inside", sentence: "" };
  const jurisdiction: Jurisdiction = { decide: async () => allowed, require: async () => allowed };
  const meter = new Meter({ audit: bed.audit, keys: store, log: () => {} });
  const uses = createUses({ keys: store, tokens: book, jurisdiction, meter });
  const statements = createStatements({
    ...{ node: "node1", tokens: book, keys: store, meter, tenant: async () => {} },
    ask: async () => ({ rows: [], next: "", size: 0 }),
  });
  const all = { ...bed.keys.handlers, ...uses.handlers, ...statements.handlers };
  handlers = all as unknown as typeof handlers;
  const both = { ...bed.keys.fingerprints, ...uses.fingerprints };
  fingerprints = both as unknown as typeof fingerprints;
  steps = [];
  for (const name of Object.getOwnPropertyNames(FakeDriver.prototype)) {
    const own = bed.fake[name as keyof FakeDriver] as unknown;
    if (["constructor", "status", "onChanged"].includes(name) || typeof own !== "function")
      continue;
    vi.spyOn(bed.fake as unknown as Record<string, Ask>, name).mockImplementation((...given) => {
      steps.push(`${name} ${given[0] ?? ""}`);
      return own.apply(bed.fake, given);
    });
  }
});

async function asked(ask: Ask | undefined, member: string, key: string) {
  steps.length = 0;
  const noted: unknown[] = [];
  const call = {
    ...{ member: `hsm.${member}`, approvers: [], signal: new AbortController().signal },
    caller: { user: "olga", uid: 1001 },
    note: (facts: unknown) => noted.push(facts),
  } as unknown as Call;
  const error = await ask?.(call, "health", key, ...(inputs[member] ?? [])).then(
    () => undefined,
    (thrown: Error & { code?: string }) => thrown,
  );
  const message = error?.message.replaceAll(key, "KEY");
  return { code: error?.code, message, noted, steps: [...steps] };
}

test("every member that names a key is asked here", () => {
  expect(members.map(([name]) => name).toSorted()).toEqual(Object.keys(inputs).toSorted());
});

describe.each(members)("%s", (member, method) => {
  const asks = () => [handlers[member], ...("approvals" in method ? [fingerprints[member]] : [])];

  test("of another tenant's key is of none, and asks no token", async () => {
    // What is in the tenant's own token is known; nothing has to be read.
    await bed.core.store.list("health");
    for (const ask of asks()) {
      const foreign = await asked(ask, member, theirs);
      expect(foreign).toMatchObject({ code: "NotFound", noted: [], steps: [] });
      expect(foreign).toEqual(await asked(ask, member, nobodys));
    }
  });

  test("of a key whose record was copied from another tenant's token is of none", async () => {
    const tokens = bed.tokens.tokens;
    tokens.get("health")?.records.push(...(tokens.get("defense")?.records ?? []));
    const { book, records } = bed.core;
    await records.fresh(await book.of("health"));
    for (const ask of asks()) {
      const foreign = await asked(ask, member, theirs);
      expect(foreign).toMatchObject({ code: "NotFound", noted: [], steps: [] });
      expect(foreign).toEqual(await asked(ask, member, nobodys));
    }
  });
});

test("what has to be read first is of the tenant's own token alone", async () => {
  const next = await bed.another();
  const driver = vi.spyOn(next.fake, "records");
  for (const key of [theirs, nobodys])
    await expect(next.core.store.find("health", key)).rejects.toMatchObject({ code: "NotFound" });
  expect(driver.mock.calls).toEqual([["health"]]);
});
