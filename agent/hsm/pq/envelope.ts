/**
 * Envelopes: bytes for whoever has a private key of ML-KEM-768 or MLKEM768-P384. Version 1 is
 *
 *     1      version, 1
 *     1      algorithm: 1 is ML-KEM-768, 2 is MLKEM768-P384
 *     n      ciphertext of the KEM: 1,088 or 1,185 bytes
 *     m      AES-256-GCM of the plaintext, as long as it
 *     16     its tag
 *
 *     key (32) ‖ iv (12) = HKDF-SHA-384 (RFC 5869) of the KEM's secret, without salt, with
 *                          info = "dsecos envelope 1" ‖ SHA-384(ciphertext of the KEM ‖ SPKI)
 *     associated data    = version ‖ algorithm ‖ the caller's
 *
 * where SPKI is the SubjectPublicKeyInfo of the whole public key. Every envelope has a secret of its
 * own, so a key and iv are used once.
 */
import { createCipheriv, createDecipheriv, hash, hkdfSync } from "node:crypto";
import type { Algorithm } from "../algorithms.ts";
import { DriverError, type PrivateParts, type PublicParts } from "../driver/types.ts";
import {
  compositeCiphertextBytes,
  compositeDecapsulate,
  compositeEncapsulate,
  compositeKemSpki,
} from "./composite-kem.ts";
import { mlKemDecapsulate, mlKemEncapsulate } from "./ml-kem.ts";
import { withSecret } from "./sealed.ts";
import { mlKem768 } from "./sizes.ts";
import { toSpki } from "./spki.ts";
import type { TokenForPq } from "./token.ts";

const version = 1;
const headBytes = 2;
const tagBytes = 16;

interface Kem {
  readonly number: number;
  readonly ciphertextBytes: number;
  spki(parts: PublicParts): Uint8Array;
  encapsulate(parts: PublicParts): Promise<{ ciphertext: Uint8Array; secret: Uint8Array }>;
  decapsulate: typeof compositeDecapsulate;
}

const kems: Partial<Record<Algorithm, Kem>> = {
  "ML-KEM-768": {
    number: 1,
    ciphertextBytes: mlKem768.ciphertextBytes,
    spki: (parts) => toSpki("ML-KEM-768", publicKeyOf(parts)),
    encapsulate: (parts) => mlKemEncapsulate(publicKeyOf(parts)),
    decapsulate: async (token, { sealed }, _parts, ciphertext) => {
      if (sealed === undefined) throw new DriverError("refused", "The key has no sealed seed.");
      return withSecret(token, sealed, (seed) => mlKemDecapsulate(seed, ciphertext));
    },
  },
  "MLKEM768-P384": {
    number: 2,
    ciphertextBytes: compositeCiphertextBytes,
    spki: compositeKemSpki,
    encapsulate: compositeEncapsulate,
    decapsulate: compositeDecapsulate,
  },
};

function publicKeyOf({ pq }: PublicParts): Uint8Array {
  if (pq !== undefined) return pq;
  throw new DriverError("refused", "An envelope needs a public key of ML-KEM-768.");
}

function kemOf(algorithm: Algorithm): Kem {
  const kem = kems[algorithm];
  if (kem === undefined) throw new DriverError("refused", `${algorithm} makes no envelopes.`);
  return kem;
}

/** @throws DriverError refused, where the public key is none of the algorithm. */
export async function sealEnvelope(
  algorithm: Algorithm,
  parts: PublicParts,
  plaintext: Uint8Array,
  aad: Uint8Array,
): Promise<Uint8Array> {
  const kem = kemOf(algorithm);
  const spki = kem.spki(parts);
  const { ciphertext, secret } = await kem.encapsulate(parts);
  const head = Buffer.of(version, kem.number);
  const { key, iv } = schedule(secret, ciphertext, spki);
  const cipher = createCipheriv("aes-256-gcm", key, iv).setAAD(Buffer.concat([head, aad]));
  key.fill(0);
  const encrypted = [cipher.update(plaintext), cipher.final()];
  return Buffer.concat([head, ciphertext, ...encrypted, cipher.getAuthTag()]);
}

/**
 * @returns The plaintext, which is the caller's to overwrite.
 * @throws DriverError authentication, for whatever is not one whole envelope for this key with this
 * associated data.
 */
export async function openEnvelope(
  token: TokenForPq,
  algorithm: Algorithm,
  keys: { readonly parts: PrivateParts; readonly publicParts: PublicParts },
  envelope: Uint8Array,
  aad: Uint8Array,
): Promise<Uint8Array> {
  const kem = kemOf(algorithm);
  const body = headBytes + kem.ciphertextBytes;
  const head = Buffer.from(envelope.subarray(0, headBytes));
  if (!head.equals(Buffer.of(version, kem.number)) || envelope.length < body + tagBytes) {
    throw new DriverError("authentication", `This is no whole envelope of ${algorithm}.`);
  }
  const spki = kem.spki(keys.publicParts);
  const ciphertext = envelope.subarray(headBytes, body);
  const secret = await kem.decapsulate(token, keys.parts, keys.publicParts, ciphertext);
  const { key, iv } = schedule(secret, ciphertext, spki);
  const decipher = createDecipheriv("aes-256-gcm", key, iv);
  key.fill(0);
  decipher.setAAD(Buffer.concat([head, aad])).setAuthTag(envelope.subarray(-tagBytes));
  const plaintext = decipher.update(envelope.subarray(body, -tagBytes));
  try {
    decipher.final();
  } catch {
    plaintext.fill(0);
    throw new DriverError("authentication", "The envelope is not what was sealed for this key.");
  }
  return plaintext;
}

/** What AES encrypted under a key of the token becomes an envelope; its plaintext stays here. */
export async function rewrap(
  token: TokenForPq,
  sealed: NonNullable<PrivateParts["sealed"]>,
  recipient: {
    readonly algorithm: Algorithm;
    readonly parts: PublicParts;
    readonly aad: Uint8Array;
  },
): Promise<Uint8Array> {
  return withSecret(token, sealed, (plaintext) =>
    sealEnvelope(recipient.algorithm, recipient.parts, plaintext, recipient.aad),
  );
}

/** Overwrites the secret. */
function schedule(secret: Uint8Array, ciphertext: Uint8Array, spki: Uint8Array) {
  const transcript = hash("sha384", Buffer.concat([ciphertext, spki]), "buffer");
  const info = Buffer.concat([Buffer.from("dsecos envelope 1"), transcript]);
  const bytes = Buffer.from(hkdfSync("sha384", secret, Buffer.alloc(0), info, 44));
  secret.fill(0);
  return { key: bytes.subarray(0, 32), iv: bytes.subarray(32) };
}
