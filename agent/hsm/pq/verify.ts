/** Signatures of every algorithm, as `DriverOperations.sign` writes them. Needs no token. */
import { constants, createPublicKey, type KeyObject, verify as verifyBy } from "node:crypto";
import type { Algorithm } from "../algorithms.ts";
import { DriverError, type PublicParts } from "../driver/types.ts";
import { compositeVerify } from "./composite.ts";
import { mlDsaVerify } from "./ml-dsa.ts";
import { p384Key } from "./p384.ts";

/** @throws DriverError refused, where the public key is none of the algorithm or nothing is signed by it. */
export async function verify(
  algorithm: Algorithm,
  parts: PublicParts,
  message: Uint8Array,
  signature: Uint8Array,
): Promise<boolean> {
  switch (algorithm) {
    case "P-384":
      return verifyBy("sha384", message, p384Key(present(algorithm, parts.spki)), signature);
    case "Ed25519":
      return verifyBy(null, message, keyOf(algorithm, "ed25519", parts), signature);
    case "RSA-3072": {
      const key = keyOf(algorithm, "rsa", parts);
      const pss = { key, padding: constants.RSA_PKCS1_PSS_PADDING, saltLength: 48 };
      return verifyBy("sha384", message, pss, signature);
    }
    case "ML-DSA-65":
      return mlDsaVerify(present(algorithm, parts.pq), message, signature);
    case "MLDSA65-P384":
      return compositeVerify(parts, message, signature);
    default:
      throw new DriverError("refused", `${algorithm} signs nothing.`);
  }
}

function present(algorithm: Algorithm, key: Uint8Array | undefined): Uint8Array {
  if (key !== undefined) return key;
  throw new DriverError("refused", `This is no public key of ${algorithm}.`);
}

function keyOf(algorithm: Algorithm, type: "ed25519" | "rsa", { spki }: PublicParts): KeyObject {
  let key: KeyObject | undefined;
  let reason = "it is of another algorithm";
  try {
    const der = Buffer.from(present(algorithm, spki));
    key = createPublicKey({ key: der, format: "der", type: "spki" });
  } catch (error) {
    reason = error instanceof Error ? error.message : String(error);
  }
  if (key?.asymmetricKeyType === type) return key;
  throw new DriverError("refused", `This is no public key of ${algorithm}: ${reason}`);
}
