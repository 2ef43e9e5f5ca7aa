/**
 * What is made of which algorithm, and what may be done with it. Every usage flag is said, since what
 * is left out a module decides: some then make AES keys that also sign.
 */
import type { Algorithm } from "../../algorithms.ts";
import type { Attribute } from "./module.ts";
import { CKA, CKK, CKO, CKP, type Numbers } from "./numbers.ts";

/** Algorithms of which keys are in the token; what is composed of them is known elsewhere. */
export type TokenAlgorithm = "AES-256" | "P-384" | "Ed25519" | "RSA-3072" | "ML-DSA-65";

export function isTokenAlgorithm(algorithm: Algorithm): algorithm is TokenAlgorithm {
  return algorithm in allowed;
}

/** Agreement on a secret is a use of its own: such a key signs nothing. */
export type Use = "encrypt" | "decrypt" | "sign" | "derive";

/** secp384r1 as an object identifier. */
export const curveP384 = Buffer.from("06052b81040022", "hex");
/** PrintableString "edwards25519", as PKCS#11 3.0 names the curve and SoftHSM asks for it. */
export const curveEd25519 = Buffer.from("130c656477617264733235353139", "hex");
/** 1.3.101.112, as other modules name it. */
export const curveEd25519Oid = Buffer.from("06032b6570", "hex");

interface KeyType {
  keyType: number;
  /** Its mechanism. */
  generate: number;
  /** Attributes of the public half, or of the secret key. */
  shape: Attribute[];
}

export function keyType(algorithm: TokenAlgorithm, numbers: Numbers): KeyType {
  switch (algorithm) {
    case "AES-256":
      return {
        keyType: CKK.AES,
        generate: numbers.AES_KEY_GEN,
        shape: [{ type: CKA.VALUE_LEN, value: 32 }],
      };
    case "P-384":
      return {
        keyType: CKK.EC,
        generate: numbers.EC_KEY_PAIR_GEN,
        shape: [{ type: CKA.EC_PARAMS, value: curveP384 }],
      };
    case "Ed25519":
      return {
        keyType: CKK.EC_EDWARDS,
        generate: numbers.EC_EDWARDS_KEY_PAIR_GEN,
        shape: [{ type: CKA.EC_PARAMS, value: curveEd25519 }],
      };
    case "RSA-3072":
      return {
        keyType: CKK.RSA,
        generate: numbers.RSA_PKCS_KEY_PAIR_GEN,
        shape: [
          { type: CKA.MODULUS_BITS, value: 3072 },
          { type: CKA.PUBLIC_EXPONENT, value: Buffer.from([1, 0, 1]) },
        ],
      };
    case "ML-DSA-65":
      return {
        keyType: numbers.KEY_ML_DSA,
        generate: numbers.ML_DSA_KEY_PAIR_GEN,
        shape: [{ type: numbers.PARAMETER_SET, value: CKP.ML_DSA_65 }],
      };
  }
}

/** The only mechanism of each use, by the type of key; whatever is not here is never asked for. */
const allowed: Record<TokenAlgorithm, Partial<Record<Use, keyof Numbers>>> = {
  "AES-256": { encrypt: "AES_GCM", decrypt: "AES_GCM" },
  "P-384": { sign: "ECDSA", derive: "ECDH1_DERIVE" },
  Ed25519: { sign: "EDDSA" },
  "RSA-3072": { sign: "RSA_PKCS_PSS" },
  "ML-DSA-65": { sign: "ML_DSA" },
};

/** @returns whether a key of that type may be used so with that mechanism. */
export function isAllowed(
  algorithm: Algorithm | "unknown",
  use: Use,
  mechanism: number,
  numbers: Numbers,
): boolean {
  if (algorithm === "unknown" || !isTokenAlgorithm(algorithm)) return false;
  const name = allowed[algorithm][use];
  return name !== undefined && numbers[name] === mechanism;
}

/** @returns the mechanism for a use, undefined where there is none for such a key. */
export function mechanismFor(
  algorithm: Algorithm | "unknown",
  use: Use,
  numbers: Numbers,
): number | undefined {
  if (algorithm === "unknown" || !isTokenAlgorithm(algorithm)) return undefined;
  const name = allowed[algorithm][use];
  return name === undefined ? undefined : numbers[name];
}

const flags = (all: readonly number[], set: readonly number[]): Attribute[] =>
  all.map((type) => ({ type, value: set.includes(type) }));

const secretUses = [
  CKA.ENCRYPT,
  CKA.DECRYPT,
  CKA.SIGN,
  CKA.VERIFY,
  CKA.WRAP,
  CKA.UNWRAP,
  CKA.DERIVE,
];
const privateUses = [CKA.DECRYPT, CKA.SIGN, CKA.SIGN_RECOVER, CKA.UNWRAP, CKA.DERIVE];
const publicUses = [CKA.ENCRYPT, CKA.VERIFY, CKA.VERIFY_RECOVER, CKA.WRAP, CKA.DERIVE];

const kept: Attribute[] = [
  { type: CKA.TOKEN, value: true },
  { type: CKA.PRIVATE, value: true },
  { type: CKA.SENSITIVE, value: true },
  { type: CKA.EXTRACTABLE, value: false },
  { type: CKA.MODIFIABLE, value: false },
  { type: CKA.COPYABLE, value: false },
];

/** @param id CKA_ID as hexadecimal */
export function secretTemplate(id: string, numbers: Numbers): Attribute[] {
  const { keyType: type, shape } = keyType("AES-256", numbers);
  return [
    { type: CKA.CLASS, value: CKO.SECRET_KEY },
    { type: CKA.KEY_TYPE, value: type },
    { type: CKA.ID, value: Buffer.from(id, "hex") },
    ...kept,
    ...flags(secretUses, [CKA.ENCRYPT, CKA.DECRYPT]),
    ...shape,
  ];
}

/** @param use what the private half is for, and nothing else */
export function pairTemplates(
  algorithm: TokenAlgorithm,
  id: string,
  use: "sign" | "derive",
  numbers: Numbers,
) {
  const { keyType: type, shape } = keyType(algorithm, numbers);
  const common = [
    { type: CKA.KEY_TYPE, value: type },
    { type: CKA.ID, value: Buffer.from(id, "hex") },
  ];
  const publicHalf: Attribute[] = [
    { type: CKA.CLASS, value: CKO.PUBLIC_KEY },
    ...common,
    { type: CKA.TOKEN, value: true },
    { type: CKA.PRIVATE, value: false },
    { type: CKA.MODIFIABLE, value: false },
    ...flags(publicUses, use === "sign" ? [CKA.VERIFY] : []),
    ...shape,
  ];
  const privateHalf: Attribute[] = [
    { type: CKA.CLASS, value: CKO.PRIVATE_KEY },
    ...common,
    ...kept,
    ...flags(privateUses, [use === "sign" ? CKA.SIGN : CKA.DERIVE]),
  ];
  return { publicHalf, privateHalf };
}
