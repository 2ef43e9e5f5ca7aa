/** What a token says of one of its keys. */

import { toSpki } from "../../pq/spki.ts";
import { ed25519Spki, p384Spki, rsaSpki } from "../pkcs11/encodings.ts";
import { curveEd25519, curveEd25519Oid, curveP384 } from "../pkcs11/keytypes.ts";
import { type Handle, type Module, readAttribute } from "../pkcs11/module.ts";
import { CKA, CKK, CKP, type Numbers } from "../pkcs11/numbers.ts";
import type { KeyInToken } from "../types.ts";

type Read = (type: number) => Buffer;

const toNumber = (value: Buffer) => Number(value.readBigUInt64LE());
const toFlag = (value: Buffer) => value[0] === 1;

export class KeyReader {
  readonly #module: Module;
  readonly #numbers: Numbers;

  constructor(module: Module, numbers: Numbers) {
    this.#module = module;
    this.#numbers = numbers;
  }

  #reader(session: Handle, handle: Handle): Read {
    return (type) => readAttribute(this.#module, session, handle, type);
  }

  algorithm(session: Handle, handle: Handle): KeyInToken["algorithm"] {
    const read = this.#reader(session, handle);
    switch (toNumber(read(CKA.KEY_TYPE))) {
      case CKK.AES:
        return toNumber(read(CKA.VALUE_LEN)) === 32 ? "AES-256" : "unknown";
      case CKK.EC:
        return read(CKA.EC_PARAMS).equals(curveP384) ? "P-384" : "unknown";
      case CKK.EC_EDWARDS: {
        const curve = read(CKA.EC_PARAMS);
        return curve.equals(curveEd25519) || curve.equals(curveEd25519Oid) ? "Ed25519" : "unknown";
      }
      case CKK.RSA:
        return read(CKA.MODULUS).length === 384 ? "RSA-3072" : "unknown";
      case this.#numbers.KEY_ML_DSA:
        return toNumber(read(this.#numbers.PARAMETER_SET)) === CKP.ML_DSA_65
          ? "ML-DSA-65"
          : "unknown";
      default:
        return "unknown";
    }
  }

  /** @returns the public half as SubjectPublicKeyInfo; empty for keys that are none of ours. */
  #spki(session: Handle, open: Handle): Uint8Array {
    const read = this.#reader(session, open);
    switch (this.algorithm(session, open)) {
      case "P-384":
        return p384Spki(read(CKA.EC_POINT));
      case "Ed25519":
        return ed25519Spki(read(CKA.EC_POINT));
      case "RSA-3072":
        return rsaSpki(read(CKA.MODULUS), read(CKA.PUBLIC_EXPONENT));
      case "ML-DSA-65":
        return toSpki("ML-DSA-65", read(CKA.VALUE));
      default:
        return Buffer.alloc(0);
    }
  }

  /** @param open handle of the public half, where there is one */
  key(session: Handle, own: Handle, open: Handle | undefined): KeyInToken {
    const read = this.#reader(session, own);
    return {
      id: read(CKA.ID).toString("hex"),
      algorithm: this.algorithm(session, own),
      spki: open === undefined ? Buffer.alloc(0) : this.#spki(session, open),
      sensitive: toFlag(read(CKA.SENSITIVE)),
      alwaysSensitive: toFlag(read(CKA.ALWAYS_SENSITIVE)),
      extractable: toFlag(read(CKA.EXTRACTABLE)),
      neverExtractable: toFlag(read(CKA.NEVER_EXTRACTABLE)),
      local: toFlag(read(CKA.LOCAL)),
    };
  }
}
