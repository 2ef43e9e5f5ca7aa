/** Post-quantum keys over the tokens of this process, with their uses counted. */
import { rewrap } from "../../pq/envelope.ts";
import { type PqOperations, pqOperations } from "../../pq/operations.ts";
import type { TokenForPq } from "../../pq/token.ts";
import { sealedName } from "../../use/counters.ts";
import type { DriverOperations, PrivateParts } from "../types.ts";
import type { Agreement } from "./agreement.ts";
import type { Counters } from "./counters.ts";
import type { KeyUse } from "./use.ts";

export function hostPq(
  use: KeyUse,
  agreement: Agreement,
  counters: Counters,
): PqOperations & Pick<DriverOperations, "rewrap"> {
  const tokenOf = (token: string, decrypting?: string): TokenForPq => ({
    random: (bytes) => use.random(token, bytes),
    encrypt: (seal, plaintext) => use.encrypt(token, seal, plaintext),
    decrypt: (seal, blob) => use.decrypt(token, seal, blob, decrypting),
    signP384: (id, message) => use.sign(token, "P-384", id, message),
    agreeP384: (id, point) => agreement.agree(token, id, point),
  });
  const plain = pqOperations((token) => tokenOf(token));
  /** Counts what is not an operation of the token's own. */
  const counted = async <T>(
    token: string,
    names: readonly string[],
    operation: string,
    work: () => Promise<T>,
  ) => {
    const open = names.map((name) => counters.open(token, name, operation));
    const result = await work();
    for (const counter of open) counters.add(counter);
    return result;
  };
  return {
    ...plain,
    sign: (token, algorithm, parts, message) =>
      counted(token, seedOf(parts), "sign", () => plain.sign(token, algorithm, parts, message)),
    openEnvelope(token, algorithm, parts, publicParts, envelope, aad) {
      const object = parts.id === undefined ? [] : [parts.id];
      return counted(token, [...object, ...seedOf(parts)], "openEnvelope", () =>
        plain.openEnvelope(token, algorithm, parts, publicParts, envelope, aad),
      );
    },
    rewrap: (token, seal, blob, recipient) =>
      rewrap(tokenOf(token, "rewrap"), { seal, blob }, recipient),
  };
}

function seedOf({ sealed }: PrivateParts): string[] {
  return sealed === undefined ? [] : [sealedName(sealed.seal.id, sealed.blob)];
}
