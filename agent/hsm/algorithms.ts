/**
 * Kinds of keys, under the names of their standards. Imports nothing from node:, since the pages use
 * it too.
 */
import * as v from "valibot";

/** What a key may be used for; each has members of its own on the bus. */
export const purposes = ["encrypt", "sign", "envelope"] as const;
export type Purpose = (typeof purposes)[number];

/**
 * `inToken`: the private key never leaves the token. `sealed`: the token has no such mechanism, so
 * the seed is kept as a blob under an AES key of the token, and is in the memory of the driver's
 * process while it is used. `both`: a pair of which one half is each.
 */
export const protections = ["inToken", "sealed", "both"] as const;
export type Protection = (typeof protections)[number];

export const algorithms = [
  "AES-256",
  "P-384",
  "Ed25519",
  "RSA-3072",
  "ML-DSA-65",
  "ML-KEM-768",
  "MLDSA65-P384",
  "MLKEM768-P384",
] as const;
export type Algorithm = (typeof algorithms)[number];

export const algorithmSchema = v.pipe(
  v.picklist(algorithms),
  v.description("Algorithm of a key, for example P-384"),
);

export const purposeOf: Record<Algorithm, Purpose> = {
  "AES-256": "encrypt",
  "P-384": "sign",
  Ed25519: "sign",
  "RSA-3072": "sign",
  "ML-DSA-65": "sign",
  "ML-KEM-768": "envelope",
  "MLDSA65-P384": "sign",
  "MLKEM768-P384": "envelope",
};

/** Region of a token, a node or a rule: two capital letters, as a tenant's jurisdiction. */
export const regionSchema = v.pipe(
  v.string(),
  v.regex(/^[A-Z]{2}$/, "A region has two capital letters, for example UK, DE, EU or AE."),
  v.description("Region, for example UK"),
);
