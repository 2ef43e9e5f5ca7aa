/** One version of a key: made in the token, or sealed under it where it has no such mechanism. */
import { createHash, randomBytes } from "node:crypto";
import type { Algorithm, Protection } from "../algorithms.ts";
import type { KeyInToken, SealedKey } from "../driver/types.ts";
import { asking } from "../errors.ts";
import type { Records, Token } from "../parts.ts";
import type { KeyVersion } from "./record.ts";
import { sealOf, seedAad } from "./sealing.ts";

export interface Making {
  tenant: string;
  name: string;
  algorithm: Algorithm;
  region: string;
  protection: Protection;
  version: number;
  /** CKA_ID that the object will have; absent where all is sealed. */
  id?: string;
}

/** Where nothing else is told, ML-DSA has this number: PKCS#11 3.2, CKM_ML_DSA_KEY_PAIR_GEN. */
const mlDsaKeyPairGen = "0x1c";

/**
 * How a token can keep a key of an algorithm. ML-KEM is always sealed: pkcs11js calls no
 * C_DecapsulateKey. The pairs are always half sealed, since a version has one object.
 */
export function protectionOf(
  algorithm: Algorithm,
  token: Token,
  mechanisms: readonly string[],
): Protection {
  if (algorithm === "MLDSA65-P384" || algorithm === "MLKEM768-P384") return "both";
  if (algorithm === "ML-KEM-768") return "sealed";
  if (algorithm !== "ML-DSA-65") return "inToken";
  const wanted = Number(token.config.numbers.ML_DSA_KEY_PAIR_GEN ?? mlDsaKeyPairGen);
  return mechanisms.some((number) => Number(number) === wanted) ? "inToken" : "sealed";
}

export const newId = () => randomBytes(16).toString("hex");

/** Makes what `making` says. What it made when it throws is told by `making.id` alone. */
export async function generate(
  token: Token,
  records: Records,
  making: Making,
): Promise<KeyVersion> {
  const object = making.id === undefined ? undefined : await inToken(token, making, making.id);
  const sealed = making.protection === "inToken" ? undefined : await seal(token, records, making);
  const publicHalf = Buffer.concat([
    object?.spki ?? Buffer.of(),
    sealed?.key.publicKey ?? Buffer.of(),
  ]);
  const printed = publicHalf.length === 0 ? (making.id ?? "") : publicHalf;
  return {
    version: making.version,
    createdAt: new Date().toISOString(),
    ...(making.id === undefined ? {} : { id: making.id }),
    ...(object === undefined || object.spki.length === 0 ? {} : { spki: base64(object.spki) }),
    ...(sealed === undefined
      ? {}
      : {
          sealed: {
            publicKey: base64(sealed.key.publicKey),
            blob: base64(sealed.key.blob),
            under: sealed.under,
          },
        }),
    fingerprint: createHash("sha256").update(printed).digest("hex"),
  };
}

function inToken(token: Token, { algorithm }: Making, id: string): Promise<KeyInToken> {
  const { driver, label } = token;
  return asking({ driver: driver.name, token: token.id }, () => {
    if (algorithm === "MLKEM768-P384") return driver.generateAgreementKey(label, id);
    const own = algorithm === "MLDSA65-P384" ? "P-384" : algorithm;
    return driver.generateKey(label, id, own);
  });
}

async function seal(
  token: Token,
  records: Records,
  { tenant, name, algorithm, region, version }: Making,
): Promise<{ key: SealedKey; under: string }> {
  const under = await sealOf(token, records);
  const { driver, label } = token;
  const aad = seedAad({ tenant, key: name, version, algorithm, region });
  const half =
    algorithm.startsWith("MLKEM") || algorithm === "ML-KEM-768" ? "ML-KEM-768" : "ML-DSA-65";
  const key = await asking({ driver: driver.name, token: token.id }, () =>
    driver.generateSealed(label, half, { id: under, aad }),
  );
  return { key, under };
}

const base64 = (bytes: Uint8Array) => Buffer.from(bytes).toString("base64");
