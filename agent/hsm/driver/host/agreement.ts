/** ECDH by a key of the token: the classical half of opening an envelope. */
import { mechanismFor } from "../pkcs11/keytypes.ts";
import { type Handle, type Module, parameterTypes } from "../pkcs11/module.ts";
import { CKA, CKD, CKK, CKO, type Numbers } from "../pkcs11/numbers.ts";
import { DriverError } from "../types.ts";
import type { KeyCalls } from "./calls.ts";
import type { Keys } from "./keys.ts";
import type { Tokens } from "./tokens.ts";

/** The x-coordinate of a point on P-384. */
const secretBytes = 48;

/**
 * The secret leaves the token, unlike the key: it is combined with that of ML-KEM, which the token
 * does not have. It is an object of the session only until it is read.
 */
const secretTemplate = [
  { type: CKA.CLASS, value: CKO.SECRET_KEY },
  { type: CKA.KEY_TYPE, value: CKK.GENERIC_SECRET },
  { type: CKA.VALUE_LEN, value: secretBytes },
  { type: CKA.TOKEN, value: false },
  { type: CKA.SENSITIVE, value: false },
  { type: CKA.EXTRACTABLE, value: true },
];

export class Agreement {
  readonly #tokens: Tokens;
  readonly #keys: Keys;
  readonly #calls: KeyCalls;
  readonly #numbers: Numbers;

  constructor(tokens: Tokens, keys: Keys, calls: KeyCalls, numbers: Numbers) {
    this.#tokens = tokens;
    this.#keys = keys;
    this.#calls = calls;
    this.#numbers = numbers;
  }

  /**
   * @param point Uncompressed, and known to be on the curve.
   * @returns The x-coordinate, which is the caller's to overwrite.
   */
  agree(label: string, id: string, point: Uint8Array): Promise<Buffer> {
    return this.#tokens.run(label, "agree on a secret", (session, token) => {
      const key = this.#keys.find(session, token, id);
      const mechanism = mechanismFor(key.algorithm, "derive", this.#numbers);
      if (mechanism === undefined) {
        throw new DriverError("refused", `the key ${id} is ${key.algorithm}, not P-384`);
      }
      const parameter = {
        type: parameterTypes.ecdh,
        kdf: CKD.NULL,
        publicData: Buffer.from(point),
      };
      const secret = this.#calls.derive(session, { mechanism, parameter }, key, secretTemplate);
      return readAndDestroy(this.#tokens.module, session, secret);
    });
  }
}

function readAndDestroy(module: Module, session: Handle, secret: Handle): Buffer {
  try {
    const [attribute] = module.C_GetAttributeValue(session, secret, [{ type: CKA.VALUE }]);
    return attribute?.value as Buffer;
  } finally {
    module.C_DestroyObject(session, secret);
  }
}
