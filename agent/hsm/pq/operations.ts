/** What a driver does with post-quantum keys, over the tokens that it has. */
import type { Algorithm } from "../algorithms.ts";
import {
  DriverError,
  type DriverOperations,
  type PrivateParts,
  type PublicParts,
} from "../driver/types.ts";
import { compositeSign, compositeVerify } from "./composite.ts";
import { openEnvelope, rewrap, sealEnvelope } from "./envelope.ts";
import { mlDsaSign, mlDsaVerify } from "./ml-dsa.ts";
import { generateSealed, withSecret } from "./sealed.ts";
import type { TokenForPq } from "./token.ts";

/** Algorithms of which at least a half is sealed, so that signing needs more than the token. */
const signers = {
  "ML-DSA-65": { sign: signSealed, verify: verifySealed },
  "MLDSA65-P384": { sign: compositeSign, verify: compositeVerify },
} as const;
export type PqSigner = keyof typeof signers;

export const isPqSigner = (algorithm: Algorithm): algorithm is PqSigner => algorithm in signers;

export type PqOperations = Pick<
  DriverOperations,
  "generateSealed" | "sealEnvelope" | "openEnvelope" | "rewrap"
> & {
  sign(
    token: string,
    algorithm: PqSigner,
    parts: PrivateParts,
    message: Uint8Array,
  ): Promise<Uint8Array>;
  verify(
    algorithm: PqSigner,
    parts: PublicParts,
    message: Uint8Array,
    signature: Uint8Array,
  ): Promise<boolean>;
};

/** @param tokenOf What is asked of a token, by its label. */
export function pqOperations(tokenOf: (label: string) => TokenForPq): PqOperations {
  return {
    generateSealed: (token, algorithm, seal) => generateSealed(tokenOf(token), algorithm, seal),
    sign: (token, algorithm, parts, message) =>
      signers[algorithm].sign(tokenOf(token), parts, message),
    verify: (algorithm, parts, message, signature) =>
      signers[algorithm].verify(parts, message, signature),
    sealEnvelope,
    openEnvelope: (token, algorithm, parts, publicParts, envelope, aad) =>
      openEnvelope(tokenOf(token), algorithm, { parts, publicParts }, envelope, aad),
    rewrap: (token, seal, blob, recipient) => rewrap(tokenOf(token), { seal, blob }, recipient),
  };
}

async function signSealed(
  token: TokenForPq,
  { sealed }: PrivateParts,
  message: Uint8Array,
): Promise<Uint8Array> {
  if (sealed === undefined) throw new DriverError("refused", "The key has no sealed seed.");
  const random = await token.random(32);
  return withSecret(token, sealed, (seed) => mlDsaSign(seed, message, random));
}

async function verifySealed(
  { pq }: PublicParts,
  message: Uint8Array,
  signature: Uint8Array,
): Promise<boolean> {
  if (pq === undefined) throw new DriverError("refused", "This is no public key of ML-DSA-65.");
  return mlDsaVerify(pq, message, signature);
}
