/**
 * ML-KEM-768 of FIPS 203 in software, by @noble/post-quantum. A private key is its seed of 64 bytes
 * (d ‖ z), and is expanded for each use, with the limits that ML-DSA has here.
 */
import { DriverError } from "../driver/types.ts";
import { mlKem768 } from "./sizes.ts";
import { inTurn } from "./turn.ts";

/** Loaded when first used: the process that loads a module of PKCS#11 mostly does without. */
const library = async () => (await import("@noble/post-quantum/ml-kem.js")).ml_kem768;

/** @returns The encapsulation key of a seed of 64 bytes, as FIPS 203 encodes it. */
export async function mlKemPublicKey(seed: Uint8Array): Promise<Uint8Array> {
  const mlKem = await library();
  return inTurn(() => {
    const { publicKey, secretKey } = mlKem.keygen(seed);
    secretKey.fill(0);
    return publicKey;
  });
}

/**
 * @returns A fresh secret of 32 bytes, which is the caller's to overwrite, and its ciphertext.
 * @throws DriverError refused, where the key fails the check of FIPS 203 section 7.2.
 */
export async function mlKemEncapsulate(
  publicKey: Uint8Array,
): Promise<{ ciphertext: Uint8Array; secret: Uint8Array }> {
  const mlKem = await library();
  try {
    const { cipherText, sharedSecret } = await inTurn(() => mlKem.encapsulate(publicKey));
    return { ciphertext: cipherText, secret: sharedSecret };
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error);
    throw new DriverError("refused", `This is no public key of ML-KEM-768: ${reason}`);
  }
}

/**
 * @returns 32 bytes, which are the caller's to overwrite. A ciphertext that was made for another key
 * gives a secret that nobody knows, as FIPS 203 wants it.
 * @throws DriverError authentication, where the ciphertext has a wrong length.
 */
export async function mlKemDecapsulate(
  seed: Uint8Array,
  ciphertext: Uint8Array,
): Promise<Uint8Array> {
  if (ciphertext.length !== mlKem768.ciphertextBytes) {
    throw new DriverError("authentication", "A ciphertext of ML-KEM-768 has 1,088 bytes.");
  }
  const mlKem = await library();
  return inTurn(() => {
    const { secretKey } = mlKem.keygen(seed);
    try {
      return mlKem.decapsulate(ciphertext, secretKey);
    } finally {
      secretKey.fill(0);
    }
  });
}
