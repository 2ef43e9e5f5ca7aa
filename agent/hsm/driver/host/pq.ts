/** Post-quantum keys over the tokens of this process. */
import { rewrap } from "../../pq/envelope.ts";
import { type PqOperations, pqOperations } from "../../pq/operations.ts";
import type { TokenForPq } from "../../pq/token.ts";
import type { DriverOperations } from "../types.ts";
import type { Agreement } from "./agreement.ts";
import type { KeyUse } from "./use.ts";

export function hostPq(
  use: KeyUse,
  agreement: Agreement,
): PqOperations & Pick<DriverOperations, "rewrap"> {
  const tokenOf = (token: string): TokenForPq => ({
    random: (bytes) => use.random(token, bytes),
    encrypt: (seal, plaintext) => use.encrypt(token, seal, plaintext),
    decrypt: (seal, blob) => use.decrypt(token, seal, blob),
    signP384: (id, message) => use.sign(token, "P-384", id, message),
    agreeP384: (id, point) => agreement.agree(token, id, point),
  });
  return {
    ...pqOperations(tokenOf),
    rewrap: (token, seal, blob, recipient) => rewrap(tokenOf(token), { seal, blob }, recipient),
  };
}
