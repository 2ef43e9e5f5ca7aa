import { constants, generateKeyPairSync, randomBytes, sign } from "node:crypto";
import { describe, expect, it } from "vitest";
import type { Algorithm } from "../../agent/hsm/algorithms.ts";
import type { PrivateParts, PublicParts } from "../../agent/hsm/driver/types.ts";
import { mlDsaPublicKey, mlDsaSign, mlDsaVerify } from "../../agent/hsm/pq/ml-dsa.ts";
import { isPqSigner, pqOperations } from "../../agent/hsm/pq/operations.ts";
import { inTurn } from "../../agent/hsm/pq/turn.ts";
import { verify } from "../../agent/hsm/pq/verify.ts";
import { SoftwareToken } from "../lib/hsm-pq/software-token.ts";

const message = Buffer.from("what is signed");
const seal = { id: "aa", aad: Buffer.from("tenant a") };

/** Private and public halves of a key that only node:crypto has, with how it signs. */
function classical(algorithm: "P-384" | "Ed25519" | "RSA-3072") {
  const pair =
    algorithm === "P-384"
      ? generateKeyPairSync("ec", { namedCurve: "P-384" })
      : algorithm === "Ed25519"
        ? generateKeyPairSync("ed25519")
        : generateKeyPairSync("rsa", { modulusLength: 3072 });
  const spki = pair.publicKey.export({ format: "der", type: "spki" });
  const key = pair.privateKey;
  const pss = { key, padding: constants.RSA_PKCS1_PSS_PADDING, saltLength: 48 };
  const signature =
    algorithm === "Ed25519"
      ? sign(null, message, key)
      : sign("sha384", message, algorithm === "RSA-3072" ? pss : key);
  return { parts: { spki } as PublicParts, signature };
}

describe("verifying", () => {
  it.each(["P-384", "Ed25519", "RSA-3072"] as const)(
    "takes signatures of %s as everybody makes them, and no others",
    async (algorithm) => {
      const { parts, signature } = classical(algorithm);
      expect(await verify(algorithm, parts, message, signature)).toBe(true);
      expect(await verify(algorithm, parts, Buffer.from("another"), signature)).toBe(false);
      expect(await verify(algorithm, parts, message, signature.subarray(1))).toBe(false);
      const other = classical(algorithm);
      expect(await verify(algorithm, other.parts, message, signature)).toBe(false);
    },
  );

  it("refuses public keys of another algorithm, and algorithms that sign nothing", async () => {
    const { parts: p384 } = classical("P-384");
    const { parts: ed25519 } = classical("Ed25519");
    const refused: [Algorithm, PublicParts][] = [
      ["Ed25519", p384],
      ["RSA-3072", p384],
      ["P-384", ed25519],
      ["P-384", {}],
      ["Ed25519", { spki: Buffer.from("no DER") }],
      ["ML-DSA-65", p384],
      ["MLDSA65-P384", p384],
      ["AES-256", {}],
      ["ML-KEM-768", { pq: randomBytes(1184) }],
    ];
    for (const [algorithm, parts] of refused) {
      await expect(verify(algorithm, parts, message, Buffer.of())).rejects.toMatchObject({
        kind: "refused",
      });
    }
  });
});

describe("the post-quantum operations of a driver", () => {
  const token = new SoftwareToken();
  token.makeAes("aa");
  const spki = token.makeP384("ec");
  const operations = pqOperations((label) => {
    expect(label).toBe("tenant-a");
    return token;
  });

  it("know which algorithms sign with a sealed half", () => {
    const all: Algorithm[] = ["ML-DSA-65", "MLDSA65-P384", "P-384", "AES-256", "ML-KEM-768"];
    expect(all.filter(isPqSigner)).toEqual(["ML-DSA-65", "MLDSA65-P384"]);
  });

  it.each(["ML-DSA-65", "MLDSA65-P384"] as const)("sign %s, which verifies", async (algorithm) => {
    const made = await operations.generateSealed("tenant-a", "ML-DSA-65", seal);
    const parts: PrivateParts = { id: "ec", sealed: { seal, blob: made.blob } };
    const signature = await operations.sign("tenant-a", algorithm, parts, message);
    const publicParts = { spki, pq: made.publicKey };
    expect(await verify(algorithm, publicParts, message, signature)).toBe(true);
    const other: Algorithm = algorithm === "ML-DSA-65" ? "MLDSA65-P384" : "ML-DSA-65";
    expect(await verify(other, publicParts, message, signature)).toBe(false);
    await expect(operations.sign("tenant-a", algorithm, { id: "ec" }, message)).rejects.toThrow();
  });

  it("carry a data key from its token to another key's envelope", async () => {
    const made = await operations.generateSealed("tenant-a", "ML-KEM-768", seal);
    const key = randomBytes(32);
    const blob = await token.encrypt(seal, key);
    const aad = Buffer.from("for b");
    const parts = { spki, pq: made.publicKey };
    const to = { algorithm: "MLKEM768-P384", parts, aad } as const;
    const envelope = await operations.rewrap("tenant-a", seal, blob, to);
    const halves: PrivateParts = { id: "ec", sealed: { seal, blob: made.blob } };
    const opened = await operations.openEnvelope(
      "tenant-a",
      "MLKEM768-P384",
      halves,
      parts,
      envelope,
      aad,
    );
    expect(Buffer.from(opened)).toEqual(key);
  });
});

describe("work in turn", () => {
  it("leaves a turn of the event loop between two pieces", async () => {
    const seed = randomBytes(32);
    const publicKey = await mlDsaPublicKey(seed);
    const signature = await mlDsaSign(seed, message, randomBytes(32));
    let turns = 0;
    let waiting = true;
    const count = () => {
      turns += 1;
      if (waiting) setImmediate(count);
    };
    setImmediate(count);
    const all = Array.from({ length: 10 }, () => mlDsaVerify(publicKey, message, signature));
    expect(await Promise.all(all)).toEqual(Array(10).fill(true));
    waiting = false;
    expect(turns).toBeGreaterThanOrEqual(10);
  });

  it("goes on after a piece that fails", async () => {
    const fails = inTurn(() => {
      throw new Error("this piece");
    });
    const next = inTurn(() => 7);
    await expect(fails).rejects.toThrow("this piece");
    expect(await next).toBe(7);
  });
});
