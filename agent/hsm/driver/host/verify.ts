/** Signatures are checked by Node's own cryptography: no token is needed for what is public. */
import { constants, createPublicKey, type KeyObject, verify as verifyWith } from "node:crypto";
import type { Algorithm } from "../../algorithms.ts";
import { DriverError, type PublicParts } from "../types.ts";

const mostKept = 256;
const kept = new Map<string, KeyObject>();

/** @throws DriverError refused when the bytes are no public key */
function publicKey(spki: Uint8Array): KeyObject {
  const name = Buffer.from(spki).toString("latin1");
  const known = kept.get(name);
  if (known !== undefined) return known;
  let key: KeyObject;
  try {
    key = createPublicKey({ key: Buffer.from(spki), format: "der", type: "spki" });
  } catch {
    throw new DriverError("refused", "the public key is not a SubjectPublicKeyInfo");
  }
  if (kept.size >= mostKept) kept.clear();
  kept.set(name, key);
  return key;
}

const isP384 = (key: KeyObject) => key.asymmetricKeyDetails?.namedCurve === "secp384r1";
const isRsa3072 = (key: KeyObject) =>
  key.asymmetricKeyType === "rsa" && key.asymmetricKeyDetails?.modulusLength === 3072;

export function verify(
  algorithm: Algorithm,
  { spki }: PublicParts,
  message: Uint8Array,
  signature: Uint8Array,
): boolean {
  if (spki === undefined) throw new DriverError("refused", `${algorithm} needs its public key`);
  const key = publicKey(spki);
  switch (algorithm) {
    case "P-384":
      return isP384(key) && verifyWith("sha384", message, key, signature);
    case "Ed25519":
      return key.asymmetricKeyType === "ed25519" && verifyWith(null, message, key, signature);
    case "RSA-3072": {
      const padding = constants.RSA_PKCS1_PSS_PADDING;
      return (
        isRsa3072(key) && verifyWith("sha384", message, { key, padding, saltLength: 48 }, signature)
      );
    }
    default:
      throw new DriverError("refused", `a key ${algorithm} does not sign`);
  }
}
