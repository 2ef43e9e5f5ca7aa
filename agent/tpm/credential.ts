/**
 * Activation of a credential: a secret is encrypted so that only the TPM with the endorsement key
 * (EK) gives it back, and only while the attestation key (AK) with the given name is loaded in it.
 * TPM 2.0 Part 1, 24 (credential protection), 11.4.10 (KDFa, KDFe), annexes B.10.4 and C.6.4.
 */
import {
  constants,
  createCipheriv,
  createECDH,
  createHmac,
  hash,
  publicEncrypt,
  randomBytes,
} from "node:crypto";
import { FormError, sized, u32 } from "./codec.ts";
import { hashName, type PublicArea, parsePublic, publicKeyOf } from "./structures.ts";

const digestBytes = { sha256: 32, sha384: 48, sha512: 64 };

/**
 * @param ekPublic TPMT_PUBLIC of the EK
 * @param seed what was encrypted to the EK
 * @param secret what the TPM is to give back
 * @param name name of the AK
 * @returns TPM2B_ID_OBJECT; the same for the same arguments
 * @throws FormError for an EK that cannot be used so
 */
export function credentialBlob(
  ekPublic: Buffer,
  seed: Buffer,
  secret: Buffer,
  name: Buffer,
): Buffer {
  const { nameAlg, aesBits } = parsePublic(ekPublic);
  if (aesBits === undefined) throw new FormError("is no key that protects others");
  const digest = hashName(nameAlg);
  const key = kdfa(digest, seed, "STORAGE", name, aesBits);
  const cipher = createCipheriv(`aes-${aesBits}-cfb`, key, Buffer.alloc(16));
  const identity = Buffer.concat([cipher.update(sized(secret)), cipher.final()]);
  const none = Buffer.alloc(0);
  const integrityKey = kdfa(digest, seed, "INTEGRITY", none, digestBytes[digest] * 8);
  const integrity = createHmac(digest, integrityKey).update(identity).update(name).digest();
  return sized(sized(integrity), identity);
}

/**
 * What TPM2_MakeCredential does, without a TPM.
 * @returns the blob, the seed, and the TPM2B_ENCRYPTED_SECRET that holds the seed
 */
export function makeCredential(
  ekPublic: Buffer,
  secret: Buffer,
  name: Buffer,
): { blob: Buffer; seed: Buffer; ephemeral: Buffer } {
  const area = parsePublic(ekPublic);
  const { seed, ephemeral } = area.key.type === "rsa" ? rsaSeed(area) : eccSeed(area);
  return { blob: credentialBlob(ekPublic, seed, secret, name), seed, ephemeral };
}

function rsaSeed(area: PublicArea): { seed: Buffer; ephemeral: Buffer } {
  const digest = hashName(area.nameAlg);
  const seed = randomBytes(digestBytes[digest]);
  const padding = constants.RSA_PKCS1_OAEP_PADDING;
  const oaepLabel = Buffer.from("IDENTITY\0");
  const key = { key: publicKeyOf(area), padding, oaepHash: digest, oaepLabel };
  return { seed, ephemeral: sized(publicEncrypt(key, seed)) };
}

function eccSeed(area: PublicArea): { seed: Buffer; ephemeral: Buffer } {
  const { key } = area;
  if (key.type !== "ecc") throw new FormError("is no ECC key");
  const digest = hashName(area.nameAlg);
  const ecdh = createECDH(key.curve === "P-256" ? "prime256v1" : "secp384r1");
  const point = ecdh.generateKeys().subarray(1);
  const [x, y] = [point.subarray(0, key.bytes), point.subarray(key.bytes)];
  const fill = (value: Buffer) => Buffer.concat([Buffer.alloc(key.bytes - value.length), value]);
  const shared = ecdh.computeSecret(Buffer.concat([Buffer.of(4), fill(key.x), fill(key.y)]));
  // KDFe: one round is enough, since the digest is as long as the seed.
  const info = Buffer.concat([u32(1), fill(shared), Buffer.from("IDENTITY\0"), x, fill(key.x)]);
  return { seed: hash(digest, info, "buffer"), ephemeral: sized(sized(x), sized(y)) };
}

/** KDFa with an empty second context: HMAC in counter mode (SP 800-108). */
function kdfa(
  digest: keyof typeof digestBytes,
  key: Buffer,
  label: string,
  context: Buffer,
  bits: number,
): Buffer {
  const rounds = Math.ceil(bits / 8 / digestBytes[digest]);
  const parts = Array.from({ length: rounds }, (_, round) =>
    createHmac(digest, key)
      .update(u32(round + 1))
      .update(`${label}\0`)
      .update(context)
      .update(u32(bits))
      .digest(),
  );
  return Buffer.concat(parts).subarray(0, bits / 8);
}
