/** Makes a signed map, or adds a signature to one, as `signed.ts` reads it. */
import { createPrivateKey, createPublicKey, type KeyObject, sign } from "node:crypto";
import { canonical } from "../../../audit/canonical.ts";
import { DsecosError } from "../../../bus/errors.ts";
import type { JurisdictionMap } from "./document.ts";
import { algorithmOf, mapKeyId, openMap, type SignedMap } from "./signed.ts";

/** What a signature is of: the map as canonical JSON, without a newline. */
export function signedText(map: JurisdictionMap): string {
  return canonical(map);
}

/**
 * @param pem private key that no passphrase protects
 * @param file name, for messages
 * @throws DsecosError InvalidArgument where it is no key that signs maps
 */
export function signingKey(pem: string, file: string): KeyObject {
  let key: KeyObject;
  try {
    key = createPrivateKey(pem);
  } catch (cause) {
    // What the library says may quote the file, which may be a key after all.
    const what = `${file} is no private key in PEM that opens without a passphrase.`;
    throw new DsecosError("InvalidArgument", what, { cause });
  }
  if (algorithmOf(key) !== undefined) return key;
  throw new DsecosError("InvalidArgument", `The key in ${file} is neither Ed25519 nor P-384.`);
}

/** @returns a signature in base64 */
export function signatureBy(key: KeyObject, map: JurisdictionMap): string {
  const digest = algorithmOf(key) === "P-384" ? "sha384" : null;
  return sign(digest, Buffer.from(signedText(map)), key).toString("base64");
}

/**
 * @param before signatures that it has
 * @param key of the signature, public or private
 * @param signature in base64; of P-384 as DER
 * @param file name, for messages
 * @returns content of the file; another signature by the same key goes
 * @throws DsecosError InvalidArgument where the signature is not valid
 */
export function withSignature(
  map: JurisdictionMap,
  before: SignedMap["signatures"],
  { key, signature, file }: { key: KeyObject; signature: string; file: string },
): string {
  const algorithm = algorithmOf(key);
  if (algorithm === undefined) throw new Error("the key was not checked");
  const own = key.type === "private" ? createPublicKey(key) : key;
  const id = mapKeyId(own);
  const others = before.filter((one) => one.key !== id);
  const content = canonical({ map, signatures: [...others, { algorithm, key: id, signature }] });
  try {
    openMap(content, file, [own]);
  } catch (cause) {
    if (!(cause instanceof DsecosError)) throw cause;
    const what = `The signature is not one of ${file} by this key: sign exactly what “dsecos ceph sign-map --map ${file}” prints, without a newline behind it.`;
    throw new DsecosError("InvalidArgument", what, { cause });
  }
  return content;
}
