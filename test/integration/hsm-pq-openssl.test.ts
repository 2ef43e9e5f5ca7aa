/** Post-quantum keys and signatures both ways with OpenSSL 3.5, which shares no code with ours. */
import {
  createDecipheriv,
  createPublicKey,
  diffieHellman,
  generateKeyPairSync,
  hash,
  hkdfSync,
  randomBytes,
} from "node:crypto";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { compositeSign } from "../../agent/hsm/pq/composite.ts";
import { sealEnvelope } from "../../agent/hsm/pq/envelope.ts";
import { mlDsaPublicKey, mlDsaSign, mlDsaVerify } from "../../agent/hsm/pq/ml-dsa.ts";
import { mlKemDecapsulate, mlKemEncapsulate, mlKemPublicKey } from "../../agent/hsm/pq/ml-kem.ts";
import { mlDsa65, mlKem768 } from "../../agent/hsm/pq/sizes.ts";
import { fromSpki, toSpki } from "../../agent/hsm/pq/spki.ts";
import { type DebianOpenssl, debianOpenssl } from "../lib/debian-openssl.ts";
import { SoftwareToken } from "../lib/hsm-pq/software-token.ts";

const message = Buffer.from("what both sides sign");
const context = "the context of both";

/** PKCS#8 with the seed alone, as RFC 9881 and RFC 9935 write it: OCTET STRING { [0] seed }. */
const seedOnly = {
  mlDsa: Buffer.from("3034020100300b060960864801650304031204228020", "hex"),
  mlKem: Buffer.from("3054020100300b060960864801650304040204428040", "hex"),
};

describe("beside OpenSSL 3.5 of Debian 13", () => {
  let openssl: DebianOpenssl;

  beforeAll(async () => {
    openssl = await debianOpenssl();
  });
  afterAll(() => openssl.end());

  it("is an OpenSSL that knows these algorithms", () => {
    expect(openssl.version).toMatch(/^OpenSSL 3\.([5-9]|\d\d)/);
  });

  /** A key that OpenSSL makes: its seed, and its SubjectPublicKeyInfo. */
  async function theirKey(algorithm: string, prefix: Buffer) {
    const form = `${algorithm.slice(0, 6).toLowerCase()}.output_formats=seed-only`;
    const out = ["-outform", "DER", "-out", openssl.file("their.key")];
    await openssl.run(["genpkey", "-algorithm", algorithm, "-provparam", form, ...out]);
    const toPublic = ["-pubout", "-outform", "DER", "-out", openssl.file("their.pub")];
    await openssl.run(["pkey", "-in", openssl.file("their.key"), ...toPublic]);
    const pkcs8 = openssl.read("their.key");
    expect(pkcs8.subarray(0, prefix.length).toString("hex")).toBe(prefix.toString("hex"));
    return { seed: pkcs8.subarray(prefix.length), spki: openssl.read("their.pub") };
  }

  /** The public key that OpenSSL derives from a seed of ours. */
  async function theirPublicOf(prefix: Buffer, seed: Buffer) {
    const key = openssl.file("our.key", Buffer.concat([prefix, seed]));
    return openssl.run(["pkey", "-in", key, "-pubout", "-outform", "DER"]);
  }

  const theyVerify = (publicKey: string, signature: Uint8Array, of: Uint8Array, more: string[]) => {
    const files = ["-sigfile", openssl.file("sig", signature), "-in", openssl.file("msg", of)];
    const key = ["-pubin", "-inkey", openssl.file(publicKey)];
    return openssl.run(["pkeyutl", "-verify", ...key, "-rawin", ...files, ...more]);
  };
  const option = (text: string) => ["-pkeyopt", `context-string:${text}`];

  describe("ML-DSA-65", () => {
    it("derives the same public key from a seed, ours and theirs", async () => {
      const seed = randomBytes(mlDsa65.seedBytes);
      const ours = Buffer.from(toSpki("ML-DSA-65", await mlDsaPublicKey(seed)));
      expect(await theirPublicOf(seedOnly.mlDsa, seed)).toEqual(ours);
      const their = await theirKey("ML-DSA-65", seedOnly.mlDsa);
      const publicKey = Buffer.from(fromSpki("ML-DSA-65", their.spki));
      expect(Buffer.from(await mlDsaPublicKey(their.seed))).toEqual(publicKey);
    });

    it.each(["", context])("verifies our signatures with the context '%s'", async (text) => {
      const seed = randomBytes(mlDsa65.seedBytes);
      openssl.file("our.pub", toSpki("ML-DSA-65", await mlDsaPublicKey(seed)));
      const signature = await mlDsaSign(seed, message, randomBytes(32), Buffer.from(text));
      const more = text === "" ? [] : option(text);
      await expect(theyVerify("our.pub", signature, message, more)).resolves.toBeDefined();
      await expect(
        theyVerify("our.pub", signature, message, option("another")),
      ).rejects.toMatchObject({ code: 1 });
    });

    it.each(["", context])(
      "makes signatures that we verify, with the context '%s'",
      async (text) => {
        const { spki } = await theirKey("ML-DSA-65", seedOnly.mlDsa);
        const files = ["-in", openssl.file("msg", message), "-out", openssl.file("their.sig")];
        const more = text === "" ? [] : option(text);
        const key = openssl.file("their.key");
        await openssl.run(["pkeyutl", "-sign", "-inkey", key, "-rawin", ...files, ...more]);
        const signature = openssl.read("their.sig");
        const publicKey = fromSpki("ML-DSA-65", spki);
        expect(await mlDsaVerify(publicKey, message, signature, Buffer.from(text))).toBe(true);
        expect(await mlDsaVerify(publicKey, message, signature, Buffer.from("x"))).toBe(false);
      },
    );
  });

  describe("ML-KEM-768", () => {
    it("derives the same public key from a seed, ours and theirs", async () => {
      const seed = randomBytes(mlKem768.seedBytes);
      const ours = Buffer.from(toSpki("ML-KEM-768", await mlKemPublicKey(seed)));
      expect(await theirPublicOf(seedOnly.mlKem, seed)).toEqual(ours);
      const their = await theirKey("ML-KEM-768", seedOnly.mlKem);
      const publicKey = Buffer.from(fromSpki("ML-KEM-768", their.spki));
      expect(Buffer.from(await mlKemPublicKey(their.seed))).toEqual(publicKey);
    });

    it("opens what we encapsulate", async () => {
      const { spki } = await theirKey("ML-KEM-768", seedOnly.mlKem);
      const { ciphertext, secret } = await mlKemEncapsulate(fromSpki("ML-KEM-768", spki));
      const files = ["-in", openssl.file("ct", ciphertext), "-secret", openssl.file("secret")];
      await openssl.run(["pkeyutl", "-decap", "-inkey", openssl.file("their.key"), ...files]);
      expect(openssl.read("secret")).toEqual(Buffer.from(secret));
    });

    it("encapsulates what we open", async () => {
      const seed = randomBytes(mlKem768.seedBytes);
      const key = openssl.file("our.pub", toSpki("ML-KEM-768", await mlKemPublicKey(seed)));
      const files = ["-secret", openssl.file("secret"), "-out", openssl.file("ct")];
      await openssl.run(["pkeyutl", "-encap", "-pubin", "-inkey", key, ...files]);
      const opened = await mlKemDecapsulate(seed, openssl.read("ct"));
      expect(Buffer.from(opened)).toEqual(openssl.read("secret"));
    });
  });

  it("verifies each half of our composite signature over its representative", async () => {
    const token = new SoftwareToken();
    token.makeAes("aa");
    const seal = { id: "aa", aad: Buffer.of() };
    const seed = randomBytes(mlDsa65.seedBytes);
    const publicKey = await mlDsaPublicKey(seed);
    const sealed = { seal, blob: await token.encrypt(seal, seed) };
    openssl.file("ec.pub", token.makeP384("ec"));
    openssl.file("pq.pub", toSpki("ML-DSA-65", publicKey));
    const label = "COMPSIG-MLDSA65-ECDSA-P384-SHA512";
    const signature = await compositeSign(token, { id: "ec", sealed }, message, Buffer.from("c"));
    const representative = Buffer.concat([
      Buffer.from(`CompositeAlgorithmSignatures2025${label}`),
      Buffer.from("\x01c"),
      hash("sha512", message, "buffer"),
    ]);
    const half = signature.subarray(0, mlDsa65.signatureBytes);
    await expect(theyVerify("pq.pub", half, representative, option(label))).resolves.toBeDefined();
    const other = openssl.file("sig", signature.subarray(mlDsa65.signatureBytes));
    const content = openssl.file("msg", representative);
    const check = ["-verify", openssl.file("ec.pub"), "-signature", other, content];
    const said = await openssl.run(["dgst", "-sha384", ...check]);
    expect(said.toString("utf8").trim()).toBe("Verified OK");
  });

  it("opens our hybrid envelope by what its format says, without our code", async () => {
    const pair = generateKeyPairSync("ec", { namedCurve: "P-384" });
    const spki = pair.publicKey.export({ format: "der", type: "spki" });
    const point = spki.subarray(-97);
    const their = await theirKey("ML-KEM-768", seedOnly.mlKem);
    const pq = their.spki.subarray(-1184);
    const aad = Buffer.from("bound");
    const envelope = Buffer.from(await sealEnvelope("MLKEM768-P384", { spki, pq }, message, aad));

    const head = envelope.subarray(0, 2);
    expect(head).toEqual(Buffer.of(1, 2));
    const ciphertext = envelope.subarray(2, 2 + 1088 + 97);
    const files = ["-in", openssl.file("ct", ciphertext.subarray(0, 1088))];
    const key = ["-inkey", openssl.file("their.key"), "-secret", openssl.file("secret")];
    await openssl.run(["pkeyutl", "-decap", ...key, ...files]);
    const ephemeral = Buffer.concat([spki.subarray(0, -97), ciphertext.subarray(1088)]);
    const publicKey = createPublicKey({ key: ephemeral, format: "der", type: "spki" });
    const classical = diffieHellman({ privateKey: pair.privateKey, publicKey });
    const label = Buffer.from("MLKEM768-P384");
    const secret = hash(
      "sha3-256",
      Buffer.concat([openssl.read("secret"), classical, ciphertext.subarray(1088), point, label]),
      "buffer",
    );
    const header = Buffer.from("30820512300a06082b0601050507063c0382050200", "hex");
    const transcript = hash("sha384", Buffer.concat([ciphertext, header, pq, point]), "buffer");
    const info = Buffer.concat([Buffer.from("dsecos envelope 1"), transcript]);
    const derived = Buffer.from(hkdfSync("sha384", secret, "", info, 44));
    const decipher = createDecipheriv("aes-256-gcm", derived.subarray(0, 32), derived.subarray(32));
    decipher.setAAD(Buffer.concat([head, aad])).setAuthTag(envelope.subarray(-16));
    const plaintext = [decipher.update(envelope.subarray(2 + 1088 + 97, -16)), decipher.final()];
    expect(Buffer.concat(plaintext)).toEqual(message);
  });
});
