import { createPublicKey, generateKeyPairSync, randomBytes } from "node:crypto";
import { describe, expect, it } from "vitest";
import type { Algorithm } from "../../agent/hsm/algorithms.ts";
import type { PrivateParts, PublicParts } from "../../agent/hsm/driver/types.ts";
import {
  compositeDecapsulate,
  compositeEncapsulate,
  compositeKemSpki,
} from "../../agent/hsm/pq/composite-kem.ts";
import { openEnvelope, rewrap, sealEnvelope } from "../../agent/hsm/pq/envelope.ts";
import { mlKemPublicKey } from "../../agent/hsm/pq/ml-kem.ts";
import { generateSealed } from "../../agent/hsm/pq/sealed.ts";
import { mlKem768 } from "../../agent/hsm/pq/sizes.ts";
import vectors from "../lib/hsm-pq/composite-kem.json" with { type: "json" };
import { SoftwareToken } from "../lib/hsm-pq/software-token.ts";

const bytes = (base64: string) => Buffer.from(base64, "base64");
const hybrid = "MLKEM768-P384";
const seal = { id: "aa", aad: Buffer.from("tenant a") };
const plaintext = Buffer.from("a key for data, of 32 bytes long");
const aad = Buffer.from("for the archive");

/** A token with a fresh key for envelopes. */
async function tokenWithKey() {
  const token = new SoftwareToken();
  token.makeAes("aa");
  const { publicKey, blob } = await generateSealed(token, "ML-KEM-768", seal);
  const parts: PrivateParts = { id: "ec", sealed: { seal, blob } };
  const publicParts: PublicParts = { spki: token.makeP384("ec"), pq: publicKey };
  return { token, keys: { parts, publicParts } };
}

const changed = (of: Uint8Array, at: number) => {
  const copy = Buffer.from(of);
  copy.writeUInt8(copy.readUInt8(at) ^ 1, at);
  return copy;
};

describe("the composite KEM", () => {
  it("opens the published vector to the published secret, with the published public key", async () => {
    const token = new SoftwareToken();
    token.makeAes("aa");
    const seed = bytes(vectors.dk).subarray(0, mlKem768.seedBytes);
    const blob = await token.encrypt(seal, seed);
    const spki = token.importP384("ec", bytes(vectors.dk).subarray(mlKem768.seedBytes));
    const publicParts = { spki, pq: await mlKemPublicKey(seed) };

    const header = "30820512300a06082b0601050507063c0382050200";
    const composite = Buffer.from(compositeKemSpki(publicParts)).toString("hex");
    expect(composite).toBe(header + bytes(vectors.ek).toString("hex"));
    const parts = { id: "ec", sealed: { seal, blob } };
    const secret = await compositeDecapsulate(token, parts, publicParts, bytes(vectors.c));
    expect(secret).toEqual(bytes(vectors.k));
    for (const opened of token.decrypted) expect(opened.every((byte) => byte === 0)).toBe(true);
  });

  it("agrees on a fresh secret each time", async () => {
    const { token, keys } = await tokenWithKey();
    const first = await compositeEncapsulate(keys.publicParts);
    const second = await compositeEncapsulate(keys.publicParts);
    expect(first.secret).not.toEqual(second.secret);
    for (const { ciphertext, secret } of [first, second]) {
      const opened = compositeDecapsulate(token, keys.parts, keys.publicParts, ciphertext);
      expect(await opened).toEqual(secret);
    }
  });

  it("gives another secret where either half of the ciphertext is another", async () => {
    const { token, keys } = await tokenWithKey();
    const { ciphertext, secret } = await compositeEncapsulate(keys.publicParts);
    const other = (await compositeEncapsulate(keys.publicParts)).ciphertext;
    const split = mlKem768.ciphertextBytes;
    for (const mixed of [
      Buffer.concat([ciphertext.subarray(0, split), other.subarray(split)]),
      Buffer.concat([other.subarray(0, split), ciphertext.subarray(split)]),
      changed(ciphertext, 0),
    ]) {
      const opened = await compositeDecapsulate(token, keys.parts, keys.publicParts, mixed);
      expect(opened).not.toEqual(secret);
    }
  });

  it("takes no secret of another length from a module", async () => {
    const { token, keys } = await tokenWithKey();
    const { ciphertext } = await compositeEncapsulate(keys.publicParts);
    const agree = token.agreeP384.bind(token);
    token.agreeP384 = async (id, point) => (await agree(id, point)).subarray(1);
    await expect(
      compositeDecapsulate(token, keys.parts, keys.publicParts, ciphertext),
    ).rejects.toMatchObject({ kind: "module" });
  });

  it("does not let the token see a point that is not on the curve", async () => {
    const { token, keys } = await tokenWithKey();
    let seen = 0;
    const agree = token.agreeP384.bind(token);
    token.agreeP384 = (id, point) => {
      seen += 1;
      return agree(id, point);
    };
    const { ciphertext } = await compositeEncapsulate(keys.publicParts);
    for (const bad of [changed(ciphertext, ciphertext.length - 1), ciphertext.subarray(0, -1)]) {
      await expect(
        compositeDecapsulate(token, keys.parts, keys.publicParts, bad),
      ).rejects.toMatchObject({ kind: "authentication" });
    }
    expect(seen).toBe(0);
  });
});

describe.each([
  ["ML-KEM-768", 1088],
  [hybrid, 1185],
] as const)("an envelope of %s", (algorithm, ciphertextBytes) => {
  it.each([0, 1, 32, 100_000])("carries %i bytes", async (length) => {
    const { token, keys } = await tokenWithKey();
    const content = randomBytes(length);
    const envelope = await sealEnvelope(algorithm, keys.publicParts, content, aad);
    expect(envelope).toHaveLength(2 + ciphertextBytes + length + 16);
    const opened = await openEnvelope(token, algorithm, keys, envelope, aad);
    expect(Buffer.from(opened)).toEqual(content);
  });

  it("opens only whole, unchanged and with its associated data", async () => {
    const { token, keys } = await tokenWithKey();
    const envelope = await sealEnvelope(algorithm, keys.publicParts, plaintext, aad);
    const refused = { kind: "authentication" };
    // Version, algorithm, both ends of the KEM's ciphertext, of the content and of the tag.
    const places = [0, 1, 2, 1 + ciphertextBytes, 2 + ciphertextBytes, -17, -16, -1];
    const bad = [
      ...places.map((at) => changed(envelope, at < 0 ? envelope.length + at : at)),
      ...[0, 1, 2, 1 + ciphertextBytes, envelope.length - 1].map((to) => envelope.subarray(0, to)),
      Buffer.concat([envelope, Buffer.of(0)]),
    ];
    for (const each of bad) {
      await expect(openEnvelope(token, algorithm, keys, each, aad)).rejects.toMatchObject(refused);
    }
    // What it says of itself is read before any key is used.
    for (const at of [0, 1]) {
      const opened = openEnvelope(token, algorithm, keys, changed(envelope, at), aad);
      await expect(opened).rejects.toThrow(`This is no whole envelope of ${algorithm}.`);
    }
    const other = Buffer.from("for somebody else");
    await expect(openEnvelope(token, algorithm, keys, envelope, other)).rejects.toMatchObject(
      refused,
    );
  });

  it("opens for nobody else", async () => {
    const [one, other] = [await tokenWithKey(), await tokenWithKey()];
    const envelope = await sealEnvelope(algorithm, one.keys.publicParts, plaintext, aad);
    await expect(
      openEnvelope(other.token, algorithm, other.keys, envelope, aad),
    ).rejects.toMatchObject({ kind: "authentication" });
    // The right private halves do not open it under somebody else's public key.
    const keys = { ...one.keys, publicParts: other.keys.publicParts };
    await expect(openEnvelope(one.token, algorithm, keys, envelope, aad)).rejects.toMatchObject({
      kind: "authentication",
    });
  });
});

describe("envelopes", () => {
  it("are not taken from one algorithm for the other", async () => {
    const { token, keys } = await tokenWithKey();
    for (const [sealed, opened] of [
      ["ML-KEM-768", hybrid],
      [hybrid, "ML-KEM-768"],
    ] satisfies [Algorithm, Algorithm][]) {
      const envelope = await sealEnvelope(sealed, keys.publicParts, plaintext, aad);
      await expect(openEnvelope(token, opened, keys, envelope, aad)).rejects.toMatchObject({
        kind: "authentication",
      });
    }
  });

  it("are refused for what is no key for them", async () => {
    const { keys } = await tokenWithKey();
    const { spki, pq } = keys.publicParts;
    if (spki === undefined || pq === undefined) throw new Error("The key has both halves.");
    const rsa = createPublicKey(generateKeyPairSync("rsa", { modulusLength: 2048 }).privateKey);
    const foreign = rsa.export({ format: "der", type: "spki" });
    const refused: [Algorithm, PublicParts][] = [
      [hybrid, { pq }],
      [hybrid, { spki }],
      [hybrid, { spki: foreign, pq }],
      [hybrid, { spki: changed(spki, spki.length - 1), pq }],
      [hybrid, { spki, pq: pq.subarray(1) }],
      ["ML-KEM-768", { spki }],
      ["ML-KEM-768", { pq: new Uint8Array(1184).fill(0xff) }],
      ["P-384", { spki }],
      ["AES-256", {}],
    ];
    for (const [algorithm, parts] of refused) {
      await expect(sealEnvelope(algorithm, parts, plaintext, aad)).rejects.toMatchObject({
        kind: "refused",
      });
    }
  });

  it("take a wrapped data key over for somebody else, and the plaintext is overwritten", async () => {
    const [one, other] = [await tokenWithKey(), await tokenWithKey()];
    const blob = await one.token.encrypt(seal, plaintext);
    const parts = other.keys.publicParts;
    const envelope = await rewrap(one.token, { seal, blob }, { algorithm: hybrid, parts, aad });
    const opened = await openEnvelope(other.token, hybrid, other.keys, envelope, aad);
    expect(Buffer.from(opened)).toEqual(plaintext);
    expect(one.token.decrypted).toHaveLength(1);
    for (const secret of one.token.decrypted) expect(secret.every((byte) => byte === 0)).toBe(true);

    const foreign = { id: "aa", aad: Buffer.from("tenant b") };
    await expect(
      rewrap(one.token, { seal: foreign, blob }, { algorithm: hybrid, parts, aad }),
    ).rejects.toMatchObject({ kind: "authentication" });
  });
});
