/**
 * Keys whose seed is sealed. The token that has no mechanism for a post-quantum algorithm still
 * protects the key at rest: its seed is the token's random, and is kept only as a blob that an AES
 * key encrypts which never leaves the token, bound to tenant, key, version and region.
 *
 * It does not protect the key in use. For the time of a signature or of opening an envelope the seed
 * is in the memory of the driver's process, where whoever has taken over that process could read it.
 * A key in the token has no such moment. The page says so of every sealed key.
 */
import type { Seal, SealedKey } from "../driver/types.ts";
import { mlDsaPublicKey } from "./ml-dsa.ts";
import { mlKemPublicKey } from "./ml-kem.ts";
import { mlDsa65, mlKem768 } from "./sizes.ts";
import type { TokenForPq } from "./token.ts";

const kinds = {
  "ML-DSA-65": { seedBytes: mlDsa65.seedBytes, publicKey: mlDsaPublicKey },
  "ML-KEM-768": { seedBytes: mlKem768.seedBytes, publicKey: mlKemPublicKey },
};
export type SealedAlgorithm = keyof typeof kinds;

/** Makes a seed and seals it; only the blob and the public key are given out. */
export async function generateSealed(
  token: TokenForPq,
  algorithm: SealedAlgorithm,
  seal: Seal,
): Promise<SealedKey> {
  const { seedBytes, publicKey } = kinds[algorithm];
  const seed = await token.random(seedBytes);
  try {
    return { publicKey: await publicKey(seed), blob: await token.encrypt(seal, seed) };
  } finally {
    seed.fill(0);
  }
}

/**
 * Opens what is sealed, such as a seed, for the time of one use, and overwrites it then.
 * @throws DriverError authentication, where the blob was sealed under another key or for another use.
 */
export async function withSecret<T>(
  token: TokenForPq,
  { seal, blob }: { readonly seal: Seal; readonly blob: Uint8Array },
  use: (secret: Uint8Array) => Promise<T>,
): Promise<T> {
  const secret = await token.decrypt(seal, blob);
  try {
    return await use(secret);
  } finally {
    secret.fill(0);
  }
}
