/** Post-quantum keys through the driver's own process, over tokens of SoftHSM. */
import { randomBytes } from "node:crypto";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import type { Driver, PrivateParts, PublicParts, Seal } from "../../agent/hsm/driver/types.ts";
import { sealedName } from "../../agent/hsm/use/counters.ts";
import { createHsmBed, type HsmBed, newId } from "../lib/hsm-driver.ts";

const message = Buffer.from("what is signed");
const aad = Buffer.from("what an envelope is bound to");
const token = "tenant-a";
const other = "tenant-b";

let bed: HsmBed;
let driver: Driver;
/** Keys that seal, one for each token. */
const seals: Record<string, Seal> = {};

beforeAll(async () => {
  bed = await createHsmBed();
  driver = bed.driver;
  for (const label of [token, other]) {
    await driver.createToken(label);
    const id = newId();
    await driver.generateKey(label, id, "AES-256");
    seals[label] = { id, aad: Buffer.from(`seed of ${label}`) };
  }
});
afterAll(() => bed?.remove());

function sealOf(label: string): Seal {
  const seal = seals[label];
  if (seal === undefined) throw new Error(`${label} has no key that seals`);
  return seal;
}

/** A key whose halves are in the token and sealed under it. */
async function keyOf(half: "ML-DSA-65" | "ML-KEM-768", label = token) {
  const id = newId();
  const object =
    half === "ML-DSA-65"
      ? await driver.generateKey(label, id, "P-384")
      : await driver.generateAgreementKey(label, id);
  const seal = sealOf(label);
  const { publicKey, blob } = await driver.generateSealed(label, half, seal);
  const parts = { id, sealed: { seal, blob } } satisfies PrivateParts;
  const publicParts: PublicParts = { spki: object.spki, pq: publicKey };
  return { id, parts, publicParts, blob };
}

const refused = (kind: string) => ({ kind });

describe("a sealed key", () => {
  it("has the sizes of its standard, and gives out neither seed nor private key", async () => {
    const signing = await driver.generateSealed(token, "ML-DSA-65", sealOf(token));
    const opening = await driver.generateSealed(token, "ML-KEM-768", sealOf(token));
    expect([signing.publicKey.length, signing.blob.length]).toEqual([1952, 60]);
    expect([opening.publicKey.length, opening.blob.length]).toEqual([1184, 92]);
    expect(Object.keys(signing).sort()).toEqual(["blob", "publicKey"]);
  });

  it("opens under no other associated data, key or token", async () => {
    const { parts } = await keyOf("ML-DSA-65");
    const { seal, blob } = parts.sealed;
    const sign = (label: string, sealed: { seal: Seal; blob: Uint8Array }) =>
      driver.sign(label, "ML-DSA-65", { sealed }, message);
    const bound = { ...seal, aad: Buffer.from("another tenant's") };
    await expect(sign(token, { seal: bound, blob })).rejects.toMatchObject(
      refused("authentication"),
    );
    const flipped = Buffer.from(blob);
    flipped.writeUInt8(flipped.readUInt8(20) ^ 1, 20);
    await expect(sign(token, { seal, blob: flipped })).rejects.toMatchObject(
      refused("authentication"),
    );
    await expect(sign(token, { seal, blob: blob.subarray(0, 20) })).rejects.toMatchObject(
      refused("authentication"),
    );
    await expect(sign(other, { seal, blob })).rejects.toMatchObject(refused("keyMissing"));
    const foreign = { id: sealOf(other).id, aad: seal.aad };
    await expect(sign(other, { seal: foreign, blob })).rejects.toMatchObject(
      refused("authentication"),
    );
    await expect(sign(token, { seal, blob })).resolves.toHaveLength(3309);
  });
});

describe.each(["ML-DSA-65", "MLDSA65-P384"] as const)("signatures of %s", (algorithm) => {
  it("verify, and do not where anything is another", async () => {
    const { parts, publicParts } = await keyOf("ML-DSA-65");
    const signature = await driver.sign(token, algorithm, parts, message);
    const verify = (of: PublicParts, text: Uint8Array, by: Uint8Array) =>
      driver.verify(algorithm, of, text, by);
    expect(await verify(publicParts, message, signature)).toBe(true);
    expect(await verify(publicParts, Buffer.from("another"), signature)).toBe(false);
    expect(await verify(publicParts, message, signature.subarray(0, -1))).toBe(false);
    for (const at of [0, 3308, signature.length - 1]) {
      const flipped = Buffer.from(signature);
      flipped.writeUInt8(flipped.readUInt8(at) ^ 1, at);
      expect(await verify(publicParts, message, flipped)).toBe(false);
    }
    const another = await keyOf("ML-DSA-65");
    expect(await verify(another.publicParts, message, signature)).toBe(false);
  });

  it("are not made by half a key", async () => {
    const { parts } = await keyOf("ML-DSA-65");
    await expect(driver.sign(token, algorithm, { id: parts.id }, message)).rejects.toMatchObject(
      refused("refused"),
    );
  });
});

it("makes no hybrid signature by a key that only agrees on secrets", async () => {
  const agreeing = await keyOf("ML-KEM-768");
  const { parts } = await keyOf("ML-DSA-65");
  const mixed = { ...parts, id: agreeing.id };
  await expect(driver.sign(token, "MLDSA65-P384", mixed, message)).rejects.toMatchObject({
    ckr: "CKR_KEY_FUNCTION_NOT_PERMITTED",
  });
});

describe.each(["ML-KEM-768", "MLKEM768-P384"] as const)("envelopes of %s", (algorithm) => {
  it("carry what was put into them to the key, and to no other", async () => {
    const { parts, publicParts } = await keyOf("ML-KEM-768");
    const content = randomBytes(100_000);
    const envelope = await driver.sealEnvelope(algorithm, publicParts, content, aad);
    const open = (label: string, by: PrivateParts, of: PublicParts, bound: Uint8Array) =>
      driver.openEnvelope(label, algorithm, by, of, envelope, bound);
    expect(Buffer.from(await open(token, parts, publicParts, aad)).equals(content)).toBe(true);
    await expect(open(token, parts, publicParts, Buffer.from("x"))).rejects.toMatchObject(
      refused("authentication"),
    );
    const another = await keyOf("ML-KEM-768", other);
    await expect(open(other, another.parts, another.publicParts, aad)).rejects.toMatchObject(
      refused("authentication"),
    );
  });

  it("take a data key of one token to a key of another, whose plaintext they bear", async () => {
    const { parts, publicParts } = await keyOf("ML-KEM-768", other);
    const seal = { id: sealOf(token).id, aad: Buffer.from("data keys") };
    const [made] = await driver.dataKeys(token, seal, 1);
    if (made === undefined) throw new Error("there is no data key");
    const to = { algorithm, parts: publicParts, aad };
    const envelope = await driver.rewrap(token, seal, made.wrapped, to);
    const opened = await driver.openEnvelope(other, algorithm, parts, publicParts, envelope, aad);
    expect(Buffer.from(opened)).toEqual(Buffer.from(made.plaintext));
    const foreign = { ...seal, aad: Buffer.from("others") };
    await expect(driver.rewrap(token, foreign, made.wrapped, to)).rejects.toMatchObject(
      refused("authentication"),
    );
  });
});

it("counts both halves of each use that came about, and no other", async () => {
  const signing = await keyOf("ML-DSA-65");
  const opening = await keyOf("ML-KEM-768");
  for (let use = 0; use < 3; use += 1) {
    await driver.sign(token, "MLDSA65-P384", signing.parts, message);
  }
  const { parts, publicParts } = opening;
  const envelope = await driver.sealEnvelope("MLKEM768-P384", publicParts, message, aad);
  const open = (bound: Uint8Array) =>
    driver.openEnvelope(token, "MLKEM768-P384", parts, publicParts, envelope, bound);
  await open(aad);
  await expect(open(Buffer.from("x"))).rejects.toMatchObject(refused("authentication"));
  const counts = (await driver.counters())[token] ?? {};
  expect(counts[signing.id]).toEqual({ sign: 3 });
  expect(counts[sealedName(sealOf(token).id, signing.blob)]).toEqual({ sign: 3 });
  expect(counts[opening.id]).toEqual({ openEnvelope: 1 });
  expect(counts[sealedName(sealOf(token).id, opening.blob)]).toEqual({ openEnvelope: 1 });
});

it("goes on signing by tokens while it computes", async () => {
  const { id, parts } = await keyOf("ML-DSA-65");
  const done: string[] = [];
  const slow = Array.from({ length: 20 }, async () => {
    await driver.sign(token, "ML-DSA-65", parts, message);
    done.push("sealed");
  });
  const fast = driver.sign(token, "P-384", { id }, message).then(() => done.push("token"));
  await Promise.all([...slow, fast]);
  expect(done.indexOf("token")).toBeLessThan(19);
});

it("opens after a crash what was sealed before", async () => {
  const { parts, publicParts } = await keyOf("ML-KEM-768");
  const envelope = await driver.sealEnvelope("MLKEM768-P384", publicParts, message, aad);
  await bed.restart();
  const opened = driver.openEnvelope(token, "MLKEM768-P384", parts, publicParts, envelope, aad);
  expect(Buffer.from(await opened)).toEqual(message);
});
