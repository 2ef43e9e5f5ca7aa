import { describe, expect, it } from "vitest";
import type { PrivateParts } from "../../agent/hsm/driver/types.ts";
import {
  compositeParts,
  compositeSign,
  compositeSpki,
  compositeVerify,
} from "../../agent/hsm/pq/composite.ts";
import { mlDsaPublicKey, mlDsaSign } from "../../agent/hsm/pq/ml-dsa.ts";
import { generateSealed } from "../../agent/hsm/pq/sealed.ts";
import { mlDsa65 } from "../../agent/hsm/pq/sizes.ts";
import { toSpki } from "../../agent/hsm/pq/spki.ts";
import vectors from "../lib/hsm-pq/composite-signature.json" with { type: "json" };
import { SoftwareToken } from "../lib/hsm-pq/software-token.ts";

const bytes = (base64: string) => Buffer.from(base64, "base64");
const message = bytes(vectors.m);
const context = bytes(vectors.ctx);
const seed = bytes(vectors.sk).subarray(0, mlDsa65.seedBytes);
const ecPrivateKey = bytes(vectors.sk).subarray(mlDsa65.seedBytes);

const parts = compositeParts(toSpki("MLDSA65-P384", bytes(vectors.pk)));

/** A token with the private key of the published vectors, or with a fresh one. */
async function tokenWithKey(published: boolean) {
  const token = new SoftwareToken();
  token.makeAes("aa");
  const seal = { id: "aa", aad: Buffer.from("tenant a") };
  if (published) {
    const blob = await token.encrypt(seal, seed);
    const spki = token.importP384("ec", ecPrivateKey);
    const key: PrivateParts = { id: "ec", sealed: { seal, blob } };
    return { token, key, parts: { spki, pq: await mlDsaPublicKey(seed) } };
  }
  const { publicKey, blob } = await generateSealed(token, "ML-DSA-65", seal);
  const key: PrivateParts = { id: "ec", sealed: { seal, blob } };
  return { token, key, parts: { spki: token.makeP384("ec"), pq: publicKey } };
}

const flip = (signature: Uint8Array, at: number) => {
  const flipped = Buffer.from(signature);
  flipped.writeUInt8(flipped.readUInt8(at) ^ 1, at);
  return flipped;
};

describe("the composite signature", () => {
  it("verifies the published vectors, with and without a context", async () => {
    expect(await compositeVerify(parts, message, bytes(vectors.s))).toBe(true);
    const withContext = bytes(vectors.sWithContext);
    expect(await compositeVerify(parts, message, withContext, context)).toBe(true);
    expect(await compositeVerify(parts, message, withContext)).toBe(false);
    expect(await compositeVerify(parts, message, bytes(vectors.s), context)).toBe(false);
    expect(await compositeVerify(parts, Buffer.from("another"), bytes(vectors.s))).toBe(false);
  });

  it("has the public key of the published private key, as the published certificate has it", async () => {
    const made = await tokenWithKey(true);
    const spki = Buffer.from(compositeSpki(made.parts));
    const header = "30820812300a06082b0601050507062e0382080200";
    expect(spki.toString("hex")).toBe(header + bytes(vectors.pk).toString("hex"));
    expect(compositeParts(spki)).toEqual(parts);
  });

  it("signs with the published key what verifies by the published public key", async () => {
    const { token, key } = await tokenWithKey(true);
    const signature = await compositeSign(token, key, message, context);
    expect(await compositeVerify(parts, message, signature, context)).toBe(true);
    expect(await compositeVerify(parts, message, signature)).toBe(false);
  });

  it("is refused where either half is changed or missing: there is no falling back to one", async () => {
    const { token, key, parts } = await tokenWithKey(false);
    const signature = await compositeSign(token, key, message);
    expect(await compositeVerify(parts, message, signature)).toBe(true);
    const split = mlDsa65.signatureBytes;
    const broken = [
      flip(signature, 10),
      flip(signature, split - 1),
      flip(signature, split + 10),
      flip(signature, signature.length - 1),
      signature.subarray(0, split),
      signature.subarray(split),
      signature.subarray(0, -1),
      Buffer.concat([signature, Buffer.of(0)]),
      Buffer.of(),
    ];
    for (const bad of broken) expect(await compositeVerify(parts, message, bad)).toBe(false);
  });

  it("does not take a signature whose halves are of two keys", async () => {
    const [one, other] = [await tokenWithKey(false), await tokenWithKey(false)];
    const split = mlDsa65.signatureBytes;
    const a = await compositeSign(one.token, one.key, message);
    const b = await compositeSign(other.token, other.key, message);
    const mixed = Buffer.concat([a.subarray(0, split), b.subarray(split)]);
    expect(await compositeVerify(one.parts, message, mixed)).toBe(false);
    expect(await compositeVerify(other.parts, message, mixed)).toBe(false);
  });

  it("does not take halves that signed the message itself, as keys of their own do", async () => {
    const { token, key, parts } = await tokenWithKey(true);
    const alone = await mlDsaSign(seed, message, new Uint8Array(32));
    const classical = await token.signP384(key.id ?? "", message);
    const joined = Buffer.concat([alone, classical]);
    expect(await compositeVerify(parts, message, joined)).toBe(false);
  });

  it("gives out nothing where a half is missing or fails", async () => {
    const { token, key } = await tokenWithKey(false);
    const { id, sealed } = key;
    if (id === undefined || sealed === undefined) throw new Error("The key has both halves.");
    await expect(compositeSign(token, { id }, message)).rejects.toMatchObject({ kind: "refused" });
    await expect(compositeSign(token, { sealed }, message)).rejects.toMatchObject({
      kind: "refused",
    });
    await expect(compositeSign(token, { ...key, id: "zz" }, message)).rejects.toMatchObject({
      kind: "keyMissing",
    });
    const foreign = { ...sealed, seal: { id: "aa", aad: Buffer.from("tenant b") } };
    await expect(compositeSign(token, { id, sealed: foreign }, message)).rejects.toMatchObject({
      kind: "authentication",
    });
    await expect(compositeVerify({ pq: parts.pq }, message, Buffer.of())).rejects.toMatchObject({
      kind: "refused",
    });
  });

  it("refuses a context of more than 255 bytes and a point that is not on the curve", async () => {
    const { token, key, parts } = await tokenWithKey(false);
    const long = new Uint8Array(256);
    await expect(compositeSign(token, key, message, long)).rejects.toThrow("at most 255 bytes");
    const wrong = { ...parts, spki: flip(parts.spki, parts.spki.length - 1) };
    await expect(compositeVerify(wrong, message, Buffer.of())).rejects.toMatchObject({
      kind: "refused",
    });
  });
});
