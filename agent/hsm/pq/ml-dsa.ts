/**
 * ML-DSA-65 of FIPS 204 in software, by @noble/post-quantum. A private key is its seed of 32 bytes,
 * and is expanded for each use. JavaScript cannot promise constant time or that no copy of a secret
 * stays in memory; what this code holds, it overwrites.
 */
import { mlDsa65 } from "./sizes.ts";
import { inTurn } from "./turn.ts";

/** Loaded when first used: the process that loads a module of PKCS#11 mostly does without. */
const library = async () => (await import("@noble/post-quantum/ml-dsa.js")).ml_dsa65;

/** @returns The public key of a seed of 32 bytes, as FIPS 204 encodes it. */
export async function mlDsaPublicKey(seed: Uint8Array): Promise<Uint8Array> {
  const mlDsa = await library();
  return inTurn(() => {
    const { publicKey, secretKey } = mlDsa.keygen(seed);
    secretKey.fill(0);
    return publicKey;
  });
}

/**
 * Signs hedged, as FIPS 204 section 3.4 recommends.
 * @param random 32 fresh random bytes.
 * @param context At most 255 bytes.
 * @returns 3,309 bytes.
 */
export async function mlDsaSign(
  seed: Uint8Array,
  message: Uint8Array,
  random: Uint8Array,
  context: Uint8Array = new Uint8Array(),
): Promise<Uint8Array> {
  const mlDsa = await library();
  return inTurn(() => {
    const { secretKey } = mlDsa.keygen(seed);
    try {
      return mlDsa.sign(message, secretKey, { context, extraEntropy: random });
    } finally {
      secretKey.fill(0);
    }
  });
}

/** @returns False for whatever is no signature by this key, those of a wrong length too. */
export async function mlDsaVerify(
  publicKey: Uint8Array,
  message: Uint8Array,
  signature: Uint8Array,
  context: Uint8Array = new Uint8Array(),
): Promise<boolean> {
  if (publicKey.length !== mlDsa65.publicKeyBytes) return false;
  if (signature.length !== mlDsa65.signatureBytes) return false;
  const mlDsa = await library();
  return inTurn(() => mlDsa.verify(signature, message, publicKey, { context }));
}
