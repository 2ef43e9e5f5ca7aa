/**
 * Requests for a certificate (PKCS #10, RFC 2986): what a stranger sent, read by the library and by
 * OpenSSL, and refused unless the sender has the private key.
 */
import { createPublicKey, type KeyObject, verify } from "node:crypto";
import { CertificationRequest } from "@peculiar/asn1-csr";
import { AsnConvert } from "@peculiar/asn1-schema";
import {
  BasicConstraints,
  Extensions,
  id_ce_basicConstraints,
  id_ce_subjectAltName,
  SubjectAlternativeName,
} from "@peculiar/asn1-x509";
import { DsecosError } from "../../../bus/errors.ts";
import { mldsaSpki } from "./algorithms.ts";
import { lengthOf, partsOf } from "./der.ts";
import { type Attribute, readName } from "./names.ts";
import { fromPem } from "./pem.ts";

/** Many times what the largest need, in bytes. */
export const mostRequestBytes = 32 * 1024;

export interface CertificateRequest {
  /** DER of the SubjectPublicKeyInfo, and what the key is, such as P-384. */
  readonly spki: Buffer;
  readonly key: string;
  readonly subject: readonly (readonly [Attribute, string])[];
  readonly uris: readonly string[];
  readonly dns: readonly string[];
  /** Whether it asks to become an authority. */
  readonly authority: boolean;
}

/** Checks a signature of ML-DSA-65, which OpenSSL cannot everywhere. */
export type VerifyPostQuantum = (
  publicKey: Uint8Array,
  message: Uint8Array,
  signature: Uint8Array,
) => Promise<boolean>;

const mldsa65 = "2.16.840.1.101.3.4.3.18";
const extensionRequest = "1.2.840.113549.1.9.14";

/** Digests by the identifier of the request's signature; null where the key says it. */
const digests: Record<string, string | null> = {
  "1.2.840.10045.4.3.2": "sha256",
  "1.2.840.10045.4.3.3": "sha384",
  "1.2.840.10045.4.3.4": "sha512",
  "1.2.840.113549.1.1.11": "sha256",
  "1.2.840.113549.1.1.12": "sha384",
  "1.2.840.113549.1.1.13": "sha512",
  "1.3.101.112": null,
};

const curves: Record<string, string> = {
  prime256v1: "P-256",
  secp384r1: "P-384",
  secp521r1: "P-521",
};

/**
 * @param bytes PEM or DER
 * @throws DsecosError InvalidArgument that says what is wrong with it
 */
export async function readRequest(
  bytes: Uint8Array,
  verifyPostQuantum: VerifyPostQuantum,
): Promise<CertificateRequest> {
  const request = parseRequest(derOf(bytes));
  const { certificationRequestInfo: info, certificationRequestInfoRaw: signed } = request;
  if (signed === undefined) throw unreadable();
  // Version, subject and key, as they were signed; what is not DER is not taken further.
  const [, , publicKeyInfo = Buffer.of()] = partsOf(new Uint8Array(signed));
  let spki: Buffer = Buffer.from(publicKeyInfo);
  if (lengthOf(spki) !== spki.length) throw unreadable();
  const message = new Uint8Array(signed);
  const signature = new Uint8Array(request.signature);
  const { algorithm } = request.signatureAlgorithm;
  let key: string;
  let holds: boolean;
  if (info.subjectPKInfo.algorithm.algorithm === mldsa65) {
    key = "ML-DSA-65";
    const publicKey = new Uint8Array(info.subjectPKInfo.subjectPublicKey);
    if (publicKey.length !== 1952) throw unreadable();
    spki = mldsaSpki(publicKey);
    holds = algorithm === mldsa65 && (await verifyPostQuantum(publicKey, message, signature));
  } else {
    const publicKey = importKey(spki);
    key = kindOf(publicKey);
    holds = isSignedBy(publicKey, algorithm, message, signature);
  }
  if (!holds) {
    const what =
      "The request is not signed by the key in it; make the request anew with the private key, for example by “openssl req -new”.";
    throw new DsecosError("InvalidArgument", what);
  }
  const subject = readName(info.subject);
  if (subject === undefined) {
    const what =
      "The request's subject has more than a common name and an organisation; leave the rest out.";
    throw new DsecosError("InvalidArgument", what);
  }
  return { spki, key, subject, ...readExtensions(info.attributes) };
}

function derOf(bytes: Uint8Array): Uint8Array {
  // A SEQUENCE in DER; PEM begins with text.
  if (bytes[0] === 0x30) return bytes;
  const text = Buffer.from(bytes).toString("latin1");
  const der = fromPem(text, ["CERTIFICATE REQUEST", "NEW CERTIFICATE REQUEST"]);
  if (der === undefined) throw unreadable();
  return der;
}

function parseRequest(der: Uint8Array): CertificationRequest {
  try {
    // What follows the request would be signed by nobody.
    if (lengthOf(der) !== der.length) throw unreadable();
    return AsnConvert.parse(der, CertificationRequest);
  } catch (cause) {
    throw unreadable(cause);
  }
}

function importKey(spki: Buffer): KeyObject {
  try {
    return createPublicKey({ key: spki, format: "der", type: "spki" });
  } catch (cause) {
    throw new DsecosError("InvalidArgument", allowedKeys, { cause });
  }
}

const allowedKeys =
  "The request's key must be P-256, P-384, P-521, Ed25519, ML-DSA-65, or RSA of 3072 to 8192 bits.";

function kindOf(key: KeyObject): string {
  const { asymmetricKeyType: type, asymmetricKeyDetails: details } = key;
  const curve = curves[details?.namedCurve ?? ""];
  if (type === "ec" && curve !== undefined) return curve;
  if (type === "ed25519") return "Ed25519";
  const bits = details?.modulusLength ?? 0;
  const exponent = details?.publicExponent ?? 0n;
  if (type === "rsa" && bits >= 3072 && bits <= 8192 && exponent >= 65537n) return `RSA-${bits}`;
  throw new DsecosError("InvalidArgument", allowedKeys);
}

function isSignedBy(
  key: KeyObject,
  algorithm: string,
  message: Uint8Array,
  signature: Uint8Array,
): boolean {
  const digest = digests[algorithm];
  if (digest === undefined) return false;
  // Without a digest OpenSSL takes one of its own for keys other than these.
  if ((digest === null) !== (key.asymmetricKeyType === "ed25519")) return false;
  try {
    return verify(digest, message, key, signature);
  } catch {
    // A signature that OpenSSL cannot even read holds as little as a wrong one.
    return false;
  }
}

function readExtensions(
  attributes: CertificationRequest["certificationRequestInfo"]["attributes"],
) {
  const names = { uris: [] as string[], dns: [] as string[], authority: false };
  for (const { type, values } of attributes ?? []) {
    if (type !== extensionRequest) continue;
    for (const value of values) {
      for (const { extnID, extnValue } of parseOr(value, Extensions)) {
        if (extnID === id_ce_basicConstraints)
          names.authority ||= parseOr(extnValue.buffer, BasicConstraints).cA;
        if (extnID !== id_ce_subjectAltName) continue;
        for (const name of parseOr(extnValue.buffer, SubjectAlternativeName)) {
          if (name.uniformResourceIdentifier !== undefined)
            names.uris.push(name.uniformResourceIdentifier);
          else if (name.dNSName !== undefined) names.dns.push(name.dNSName.toLowerCase());
          else {
            const what =
              "The request asks for names other than URIs and host names; leave those out.";
            throw new DsecosError("InvalidArgument", what);
          }
        }
      }
    }
  }
  return names;
}

function parseOr<T>(der: ArrayBuffer, type: new () => T): T {
  try {
    return AsnConvert.parse(der, type);
  } catch (cause) {
    throw unreadable(cause);
  }
}

function unreadable(cause?: unknown): DsecosError {
  const what =
    "This is not a certificate signing request; send what “openssl req -new” wrote, as PEM or DER.";
  return new DsecosError("InvalidArgument", what, cause === undefined ? {} : { cause });
}
