import { randomBytes } from "node:crypto";
import { describe, expect, it } from "vitest";
import { mlDsaPublicKey, mlDsaSign, mlDsaVerify } from "../../agent/hsm/pq/ml-dsa.ts";
import { mlKemDecapsulate, mlKemEncapsulate, mlKemPublicKey } from "../../agent/hsm/pq/ml-kem.ts";
import { generateSealed, withSecret } from "../../agent/hsm/pq/sealed.ts";
import { mlDsa65, mlKem768 } from "../../agent/hsm/pq/sizes.ts";
import { fromSpki, toSpki } from "../../agent/hsm/pq/spki.ts";
import { SoftwareToken } from "../lib/hsm-pq/software-token.ts";

const message = Buffer.from("The quick brown fox");

describe("ML-DSA-65", () => {
  it("signs and verifies with a context, and refuses what differs in anything", async () => {
    const seed = randomBytes(mlDsa65.seedBytes);
    const context = Buffer.from("context");
    const publicKey = await mlDsaPublicKey(seed);
    const signature = await mlDsaSign(seed, message, randomBytes(32), context);
    expect(signature).toHaveLength(mlDsa65.signatureBytes);
    expect(await mlDsaVerify(publicKey, message, signature, context)).toBe(true);

    const flipped = Buffer.from(signature);
    flipped.writeUInt8(flipped.readUInt8(100) ^ 1, 100);
    expect(await mlDsaVerify(publicKey, message, flipped, context)).toBe(false);
    expect(await mlDsaVerify(publicKey, message, signature)).toBe(false);
    expect(await mlDsaVerify(publicKey, Buffer.from("x"), signature, context)).toBe(false);
    expect(await mlDsaVerify(publicKey, message, signature.subarray(1), context)).toBe(false);
    expect(await mlDsaVerify(publicKey.subarray(1), message, signature, context)).toBe(false);
  });

  it("is hedged: the random is part of the signature", async () => {
    const seed = randomBytes(mlDsa65.seedBytes);
    const [zeros, ones] = [new Uint8Array(32), new Uint8Array(32).fill(1)];
    const first = await mlDsaSign(seed, message, zeros);
    expect(await mlDsaSign(seed, message, zeros)).toEqual(first);
    expect(await mlDsaSign(seed, message, ones)).not.toEqual(first);
  });
});

describe("ML-KEM-768", () => {
  it("agrees on a secret, and on none where ciphertext or key are others", async () => {
    const seed = randomBytes(mlKem768.seedBytes);
    const { ciphertext, secret } = await mlKemEncapsulate(await mlKemPublicKey(seed));
    expect(ciphertext).toHaveLength(mlKem768.ciphertextBytes);
    expect(await mlKemDecapsulate(seed, ciphertext)).toEqual(secret);

    const flipped = Buffer.from(ciphertext);
    flipped.writeUInt8(flipped.readUInt8(7) ^ 1, 7);
    expect(await mlKemDecapsulate(seed, flipped)).not.toEqual(secret);
    expect(await mlKemDecapsulate(randomBytes(64), ciphertext)).not.toEqual(secret);
    await expect(mlKemDecapsulate(seed, ciphertext.subarray(1))).rejects.toMatchObject({
      kind: "authentication",
    });
  });

  it("refuses a public key of a wrong length or with coefficients over the modulus", async () => {
    const publicKey = await mlKemPublicKey(randomBytes(64));
    for (const bad of [publicKey.subarray(1), new Uint8Array(1184).fill(0xff)]) {
      await expect(mlKemEncapsulate(bad)).rejects.toMatchObject({ kind: "refused" });
    }
  });
});

describe("a public key as SubjectPublicKeyInfo", () => {
  it("has the lengths and the identifier of its standard, and is read back", () => {
    const key = randomBytes(1952);
    const spki = toSpki("ML-DSA-65", key);
    const header = "308207b2300b0609608648016503040312038207a100";
    expect(Buffer.from(spki).toString("hex")).toBe(header + key.toString("hex"));
    expect(fromSpki("ML-DSA-65", spki)).toEqual(Buffer.from(key));
    expect(() => toSpki("ML-DSA-65", key.subarray(1))).toThrow("has 1952 bytes, not 1951");
  });

  it("is refused where it is cut, followed by more, or of another algorithm", () => {
    const spki = toSpki("ML-KEM-768", randomBytes(1184));
    expect(Buffer.from(spki.subarray(0, 22)).toString("hex")).toBe(
      "308204b2300b0609608648016503040402038204a100",
    );
    const mlKem1024 = Buffer.from(spki).fill(3, 16, 17);
    const longer = Buffer.concat([spki, Buffer.of(0)]);
    for (const bad of [spki.subarray(0, -1), longer, mlKem1024, Buffer.of()]) {
      expect(() => fromSpki("ML-KEM-768", bad)).toThrow("This is no public key of ML-KEM-768.");
    }
    expect(() => fromSpki("ML-DSA-65", spki)).toThrow("This is no public key of ML-DSA-65.");
  });
});

describe("a sealed key", () => {
  const seal = (aad: string) => ({ id: "aa", aad: Buffer.from(aad) });

  it.each([
    ["ML-DSA-65", mlDsa65.seedBytes, mlDsaPublicKey],
    ["ML-KEM-768", mlKem768.seedBytes, mlKemPublicKey],
  ] as const)("%s: the blob opens to the seed of its public key", async (name, bytes, toPublic) => {
    const token = new SoftwareToken();
    token.makeAes("aa");
    const key = await generateSealed(token, name, seal("tenant a"));
    expect(key.blob).toHaveLength(12 + bytes + 16);
    const sealed = { seal: seal("tenant a"), blob: key.blob };
    expect(await withSecret(token, sealed, toPublic)).toEqual(key.publicKey);
  });

  it("is opened only under what it was sealed for, and overwritten after use", async () => {
    const token = new SoftwareToken();
    token.makeAes("aa");
    const { blob } = await generateSealed(token, "ML-DSA-65", seal("tenant a"));
    const use = async (seed: Uint8Array) => Buffer.from(seed);
    await expect(withSecret(token, { seal: seal("tenant b"), blob }, use)).rejects.toMatchObject({
      kind: "authentication",
    });
    const seen = await withSecret(token, { seal: seal("tenant a"), blob }, use);
    const fails = async () => Promise.reject(new Error("in use"));
    await expect(withSecret(token, { seal: seal("tenant a"), blob }, fails)).rejects.toThrow(
      "in use",
    );
    expect(seen.every((byte) => byte === 0)).toBe(false);
    expect(token.decrypted).toHaveLength(2);
    for (const seed of token.decrypted) expect(seed.every((byte) => byte === 0)).toBe(true);
  });

  it("overwrites the seed it was made from, also where it cannot be sealed", async () => {
    const token = new SoftwareToken();
    const made: Uint8Array[] = [];
    const random = token.random.bind(token);
    token.random = async (bytes) => {
      const seed = await random(bytes);
      made.push(seed);
      return seed;
    };
    await expect(generateSealed(token, "ML-KEM-768", seal("x"))).rejects.toThrow("no key aa");
    token.makeAes("aa");
    await generateSealed(token, "ML-KEM-768", seal("x"));
    expect(made).toHaveLength(2);
    for (const seed of made) expect(seed.every((byte) => byte === 0)).toBe(true);
  });
});
