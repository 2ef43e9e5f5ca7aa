import { randomBytes } from "node:crypto";
import { describe, expect, it } from "vitest";
import type { Algorithm } from "../../agent/hsm/algorithms.ts";
import type { PrivateParts } from "../../agent/hsm/driver/types.ts";
import { mlDsaPublicKey, mlDsaSign, mlDsaVerify } from "../../agent/hsm/pq/ml-dsa.ts";
import { isPqSigner, pqOperations } from "../../agent/hsm/pq/operations.ts";
import { inTurn } from "../../agent/hsm/pq/turn.ts";
import { SoftwareToken } from "../lib/hsm-pq/software-token.ts";

const message = Buffer.from("what is signed");
const seal = { id: "aa", aad: Buffer.from("tenant a") };

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
    const { verify } = operations;
    expect(await verify(algorithm, publicParts, message, signature)).toBe(true);
    const other = algorithm === "ML-DSA-65" ? "MLDSA65-P384" : "ML-DSA-65";
    expect(await verify(other, publicParts, message, signature)).toBe(false);
    const refused = { kind: "refused" };
    const object = { id: "ec" };
    const signing = operations.sign("tenant-a", algorithm, object, message);
    await expect(signing).rejects.toMatchObject(refused);
    const verifying = verify(algorithm, { spki }, message, signature);
    await expect(verifying).rejects.toMatchObject(refused);
  });

  it("open what was sealed for a key", async () => {
    const made = await operations.generateSealed("tenant-a", "ML-KEM-768", seal);
    const aad = Buffer.from("for b");
    const parts = { spki, pq: made.publicKey };
    const envelope = await operations.sealEnvelope("MLKEM768-P384", parts, message, aad);
    const halves: PrivateParts = { id: "ec", sealed: { seal, blob: made.blob } };
    const opened = operations.openEnvelope(
      "tenant-a",
      "MLKEM768-P384",
      halves,
      parts,
      envelope,
      aad,
    );
    expect(Buffer.from(await opened)).toEqual(message);
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
