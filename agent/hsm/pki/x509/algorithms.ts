/** Identifiers of the keys and signatures of an authority. */

import { hash } from "node:crypto";
import { AlgorithmIdentifier } from "@peculiar/asn1-x509";
import { bitString, contentOf, encode, partsOf, sequence } from "./der.ts";

/** What an authority signs with: ECDSA over SHA-384 (RFC 5758), or ML-DSA-65 (RFC 9881). */
export const authorityAlgorithms = ["P-384", "ML-DSA-65"] as const;
export type AuthorityAlgorithm = (typeof authorityAlgorithms)[number];

const identifiers: Record<AuthorityAlgorithm, string> = {
  "P-384": "1.2.840.10045.4.3.3",
  "ML-DSA-65": "2.16.840.1.101.3.4.3.18",
};

/** DER of the signature's AlgorithmIdentifier, without parameters as both standards want it. */
export const signatureAlgorithms: Record<AuthorityAlgorithm, Buffer> = {
  "P-384": encode(new AlgorithmIdentifier({ algorithm: identifiers["P-384"] })),
  "ML-DSA-65": encode(new AlgorithmIdentifier({ algorithm: identifiers["ML-DSA-65"] })),
};

export function identifierOf(algorithm: AuthorityAlgorithm): AlgorithmIdentifier {
  return new AlgorithmIdentifier({ algorithm: identifiers[algorithm] });
}

/** SubjectPublicKeyInfo of a raw public key of ML-DSA-65: 1,952 bytes. */
export function mldsaSpki(publicKey: Uint8Array): Buffer {
  return sequence(signatureAlgorithms["ML-DSA-65"], bitString(publicKey));
}

/** Key identifier: the leftmost 160 bits of SHA-256 of the key's bits (RFC 7093, section 2). */
export function keyIdentifier(spki: Uint8Array): Buffer {
  const [, bits = Buffer.of()] = partsOf(spki);
  // Behind the number of bits that the last byte does not use.
  return hash("sha256", contentOf(bits).subarray(1), "buffer").subarray(0, 20);
}
