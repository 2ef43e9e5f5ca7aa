/** Post-quantum keys over the tokens of this process, with their uses counted. */
import { type PqOperations, pqOperations } from "../../pq/operations.ts";
import { sealedName } from "../../use/counters.ts";
import type { PrivateParts } from "../types.ts";
import type { Agreement } from "./agreement.ts";
import type { Counters } from "./counters.ts";
import type { KeyUse } from "./use.ts";

type Sealed = NonNullable<PrivateParts["sealed"]>;

export function hostPq(use: KeyUse, agreement: Agreement, counters: Counters): PqOperations {
  const plain = pqOperations((token) => ({
    random: (bytes) => use.random(token, bytes),
    encrypt: (seal, plaintext) => use.encrypt(token, seal, plaintext),
    decrypt: (seal, blob) => use.decrypt(token, seal, blob),
    signP384: (id, message) => use.sign(token, "P-384", id, message),
    agreeP384: (id, point) => agreement.agree(token, id, point),
  }));
  /** The object is counted where it is used, the sealed half here. */
  const counted = async <T>(
    token: string,
    sealed: Sealed | undefined,
    operation: string,
    work: () => Promise<T>,
  ) => {
    if (sealed === undefined) return await work();
    const name = sealedName(sealed.seal.id, sealed.blob);
    const counter = counters.open(token, name, operation);
    const result = await work();
    counters.add(counter);
    return result;
  };
  return {
    ...plain,
    sign: (token, algorithm, parts, message) =>
      counted(token, parts.sealed, "sign", () => plain.sign(token, algorithm, parts, message)),
    openEnvelope: (token, algorithm, parts, publicParts, envelope, aad) =>
      counted(token, parts.sealed, "openEnvelope", () =>
        plain.openEnvelope(token, algorithm, parts, publicParts, envelope, aad),
      ),
  };
}
