/**
 * A signed map: canonical JSON (RFC 8785) with two members, `map` and `signatures`. What is signed is
 * the map alone as canonical JSON, without a newline, so that openssl and `dsecos hsm sign` can sign it
 * and openssl can verify it:
 *
 *     openssl pkeyutl -verify -rawin -pubin -inkey key.pem -sigfile SIGNATURE -in MAP      (Ed25519)
 *     openssl dgst -sha384 -verify key.pem -signature SIGNATURE MAP                        (P-384)
 */
import { createPublicKey, hash, type KeyObject, verify } from "node:crypto";
import * as v from "valibot";
import { canonical } from "../../../audit/canonical.ts";
import { fromBase64 } from "../../../audit/tlog/base64.ts";
import { DsecosError } from "../../../bus/errors.ts";
import { type JurisdictionMap, mapSchema } from "./document.ts";

/** Of a map of 10,000 buckets and pools; in bytes. */
export const mostMapBytes = 4 * 1024 * 1024;

const signatureSchema = v.strictObject({
  algorithm: v.picklist(["Ed25519", "P-384"]),
  /** SHA-256 of the public key as SubjectPublicKeyInfo in DER, in hexadecimal. */
  key: v.pipe(v.string(), v.regex(/^[0-9a-f]{64}$/, "A key is named by 64 hexadecimal digits.")),
  /** 64 bytes for Ed25519, DER for P-384 with SHA-384; in base64. */
  signature: v.pipe(v.string(), v.maxLength(200)),
});

const fileSchema = v.strictObject({
  map: mapSchema,
  signatures: v.pipe(v.array(signatureSchema), v.minLength(1), v.maxLength(10)),
});

export type SignedMap = v.InferOutput<typeof fileSchema>;

/**
 * @param pem public key, or a certificate with it
 * @param file name, for messages
 * @throws DsecosError InvalidArgument where it is no key that signs maps
 */
export function mapKey(pem: string, file: string): KeyObject {
  let key: KeyObject;
  try {
    key = createPublicKey(pem);
  } catch (error) {
    const what = `${file} is no public key in PEM.`;
    throw new DsecosError("InvalidArgument", what, { cause: error });
  }
  if (pem.includes("PRIVATE KEY")) {
    throw new DsecosError("InvalidArgument", `${file} is a private key; name the public one.`);
  }
  if (algorithmOf(key) !== undefined) return key;
  throw new DsecosError("InvalidArgument", `The key in ${file} is neither Ed25519 nor P-384.`);
}

/** Of a public or private key; undefined where it signs no maps. */
export function algorithmOf({
  asymmetricKeyType,
  asymmetricKeyDetails,
}: KeyObject): SignedMap["signatures"][number]["algorithm"] | undefined {
  if (asymmetricKeyType === "ed25519") return "Ed25519";
  return asymmetricKeyDetails?.namedCurve === "secp384r1" ? "P-384" : undefined;
}

/** SHA-256 of the public key as SubjectPublicKeyInfo in DER, in hexadecimal. */
export function mapKeyId(key: KeyObject): string {
  return hash("sha256", key.export({ type: "spki", format: "der" }), "hex");
}

/**
 * @param content of the file, which may end with one newline
 * @param file name, for messages
 * @param trusted keys of whom maps are believed
 * @returns the map, which one of the keys signed
 * @throws DsecosError in a sentence: damaged, changed, or signed by nobody who is trusted
 */
export function openMap(
  content: string,
  file: string,
  trusted: readonly KeyObject[],
): JurisdictionMap {
  const { map, signatures } = parseSigned(content, file);
  const text = Buffer.from(canonical(map));
  const keys = new Map(trusted.map((key) => [mapKeyId(key), key]));
  let known = false;
  for (const { algorithm, key: id, signature } of signatures) {
    const key = keys.get(id);
    if (key === undefined) continue;
    known = true;
    const bytes = fromBase64(signature);
    const digest = algorithm === "P-384" ? "sha384" : null;
    if (
      algorithmOf(key) !== algorithm ||
      bytes === undefined ||
      !verify(digest, text, key, bytes)
    ) {
      throw damaged(file, "its signature is not valid");
    }
  }
  if (known) return map;
  const names = signatures.map(({ key }) => key).join(", ");
  const what = `${file} is signed by ${names}, and by no key that is trusted here.`;
  throw new DsecosError("Denied", what);
}

/** SHA-256 of the keys that a map says it is signed by, in hexadecimal. @throws as openMap does */
export function signersOf(content: string, file: string): string[] {
  return parseSigned(content, file).signatures.map(({ key }) => key);
}

/**
 * A map that nobody verifies: signed, or the map alone in any order of members.
 *
 * @throws DsecosError where it is no map
 */
export function readMap(content: string, file: string): JurisdictionMap {
  return readAnyMap(content, file).map;
}

/** The same with its signatures, which nobody verifies; none where it is not signed. */
export function readAnyMap(content: string, file: string): SignedMap {
  const value = parseJson(content, file);
  if (typeof value === "object" && value !== null && "signatures" in value) {
    return parseSigned(content, file);
  }
  return { map: checked(mapSchema, value, file), signatures: [] };
}

function parseSigned(content: string, file: string): SignedMap {
  const found = checked(fileSchema, parseJson(content, file), file);
  // Of two ways to write the same, one would be signed by nobody.
  const text = canonical(found);
  if (content !== text && content !== `${text}\n`) throw damaged(file, "it is not canonical JSON");
  return found;
}

function parseJson(content: string, file: string): unknown {
  try {
    return JSON.parse(content);
  } catch (error) {
    throw damaged(file, "it is no JSON", error);
  }
}

function checked<S extends v.GenericSchema>(
  schema: S,
  value: unknown,
  file: string,
): v.InferOutput<S> {
  const result = v.safeParse(schema, value);
  if (result.success) return result.output;
  const [issue] = result.issues;
  throw damaged(file, `${v.getDotPath(issue) ?? "its top level"}: ${issue.message}`);
}

function damaged(file: string, why: string, cause?: unknown): DsecosError {
  const what = `${file} is no map of jurisdictions, or was changed: ${why.replace(/\.$/, "")}.`;
  return new DsecosError("InvalidArgument", what, { cause });
}
