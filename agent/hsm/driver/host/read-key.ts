/** What a token says of one of its keys. */

import { ed25519Spki, p384Spki, rsaSpki } from "../pkcs11/encodings.ts";
import { curveEd25519, curveEd25519Oid, curveP384 } from "../pkcs11/keytypes.ts";
import { type Handle, type Module, readAttribute } from "../pkcs11/module.ts";
import { CKA, CKK } from "../pkcs11/numbers.ts";
import type { KeyInToken } from "../types.ts";

type Read = (type: number) => Buffer;

const toNumber = (value: Buffer) => Number(value.readBigUInt64LE());
const toFlag = (value: Buffer) => value[0] === 1;

function reader(module: Module, session: Handle, handle: Handle): Read {
  return (type) => readAttribute(module, session, handle, type);
}

export function readAlgorithm(
  module: Module,
  session: Handle,
  handle: Handle,
): KeyInToken["algorithm"] {
  const read = reader(module, session, handle);
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
    default:
      return "unknown";
  }
}

/** @returns the public half as SubjectPublicKeyInfo; empty for kinds of keys that are none of ours. */
export function readSpki(module: Module, session: Handle, open: Handle): Buffer {
  const read = reader(module, session, open);
  switch (readAlgorithm(module, session, open)) {
    case "P-384":
      return p384Spki(read(CKA.EC_POINT));
    case "Ed25519":
      return ed25519Spki(read(CKA.EC_POINT));
    case "RSA-3072":
      return rsaSpki(read(CKA.MODULUS), read(CKA.PUBLIC_EXPONENT));
    default:
      return Buffer.alloc(0);
  }
}

/** @param open handle of the public half, where there is one */
export function readKey(
  module: Module,
  session: Handle,
  own: Handle,
  open: Handle | undefined,
): KeyInToken {
  const read = reader(module, session, own);
  return {
    id: read(CKA.ID).toString("hex"),
    algorithm: readAlgorithm(module, session, own),
    spki: open === undefined ? Buffer.alloc(0) : readSpki(module, session, open),
    sensitive: toFlag(read(CKA.SENSITIVE)),
    alwaysSensitive: toFlag(read(CKA.ALWAYS_SENSITIVE)),
    extractable: toFlag(read(CKA.EXTRACTABLE)),
    neverExtractable: toFlag(read(CKA.NEVER_EXTRACTABLE)),
    local: toFlag(read(CKA.LOCAL)),
  };
}
