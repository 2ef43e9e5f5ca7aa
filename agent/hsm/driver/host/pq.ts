/** Post-quantum keys over the tokens of this process. */
import { type PqOperations, pqOperations } from "../../pq/operations.ts";
import type { Agreement } from "./agreement.ts";
import type { KeyUse } from "./use.ts";

export function hostPq(use: KeyUse, agreement: Agreement): PqOperations {
  return pqOperations((token) => ({
    random: (bytes) => use.random(token, bytes),
    encrypt: (seal, plaintext) => use.encrypt(token, seal, plaintext),
    decrypt: (seal, blob) => use.decrypt(token, seal, blob),
    signP384: (id, message) => use.sign(token, "P-384", id, message),
    agreeP384: (id, point) => agreement.agree(token, id, point),
  }));
}
