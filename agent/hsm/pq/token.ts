/** What post-quantum keys need of a token: its random, its AES keys, and its half of a pair. */
import type { Seal } from "../driver/types.ts";

export interface TokenForPq {
  /** Random bytes of the token. */
  random(bytes: number): Promise<Uint8Array>;
  /** AES-256-GCM under a key of the token, as iv (12) ‖ ciphertext ‖ tag (16). */
  encrypt(seal: Seal, plaintext: Uint8Array): Promise<Uint8Array>;
  /** @throws DriverError authentication, where blob or associated data are others. */
  decrypt(seal: Seal, blob: Uint8Array): Promise<Uint8Array>;
  /** ECDSA by a P-384 key of the token over the SHA-384 of a message, as DER. */
  signP384(id: string, message: Uint8Array): Promise<Uint8Array>;
  /** ECDH of a P-384 key of the token with an uncompressed point; 48 bytes. */
  agreeP384(id: string, point: Uint8Array): Promise<Uint8Array>;
}
