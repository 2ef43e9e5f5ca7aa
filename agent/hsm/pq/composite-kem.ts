/**
 * Composite KEM id-MLKEM768-ECDH-P384-SHA3-256 of draft-ietf-lamps-pq-composite-kem (version 15): the
 * secret stays one while ML-KEM-768 or ECDH over P-384 does.
 *
 *     secret     = SHA3-256(secret of ML-KEM ‖ secret of ECDH ‖ ephemeral point ‖ point ‖ label)
 *     ciphertext = ML-KEM, 1,088 bytes ‖ ephemeral point, uncompressed, 97 bytes
 *     key        = ML-KEM, 1,184 bytes ‖ uncompressed point, 97 bytes
 *
 * Secrets that are returned have 32 bytes and are the caller's to overwrite.
 */
import { createECDH, hash } from "node:crypto";
import { DriverError, type PrivateParts, type PublicParts } from "../driver/types.ts";
import { mlKemDecapsulate, mlKemEncapsulate } from "./ml-kem.ts";
import { checkPoint, p384Point } from "./p384.ts";
import { withSecret } from "./sealed.ts";
import { mlKem768, p384PointBytes, p384SecretBytes } from "./sizes.ts";
import { toSpki } from "./spki.ts";
import type { TokenForPq } from "./token.ts";

const label = Buffer.from("MLKEM768-P384");
export const compositeCiphertextBytes = mlKem768.ciphertextBytes + p384PointBytes;

/** The public key as SubjectPublicKeyInfo, from those of its halves. */
export function compositeKemSpki(parts: PublicParts): Uint8Array {
  const { point, pq } = bothOf(parts);
  return toSpki("MLKEM768-P384", Buffer.concat([pq, point]));
}

export async function compositeEncapsulate(
  parts: PublicParts,
): Promise<{ ciphertext: Uint8Array; secret: Uint8Array }> {
  const { point, pq } = bothOf(parts);
  const ephemeral = createECDH("secp384r1");
  const ephemeralPoint = ephemeral.generateKeys();
  const { ciphertext, secret } = await mlKemEncapsulate(pq);
  const combined = combine(secret, ephemeral.computeSecret(point), ephemeralPoint, point);
  secret.fill(0);
  return { ciphertext: Buffer.concat([ciphertext, ephemeralPoint]), secret: combined };
}

/**
 * ECDH by the token and ML-KEM by the sealed seed. The ephemeral point is checked to be on the curve
 * before the token sees it.
 * @throws DriverError authentication, where the ciphertext cannot be one of this algorithm.
 */
export async function compositeDecapsulate(
  token: TokenForPq,
  { id, sealed }: PrivateParts,
  parts: PublicParts,
  ciphertext: Uint8Array,
): Promise<Uint8Array> {
  const { point } = bothOf(parts);
  if (id === undefined || sealed === undefined) throw half();
  const ephemeralPoint = ciphertext.subarray(mlKem768.ciphertextBytes);
  checkEphemeral(ephemeralPoint);
  const quantumSafe = await withSecret(token, sealed, (seed) =>
    mlKemDecapsulate(seed, ciphertext.subarray(0, mlKem768.ciphertextBytes)),
  );
  try {
    const classical = await token.agreeP384(id, ephemeralPoint);
    // A module could leave out leading zeros; where one half begins would no longer be sure.
    if (classical.length !== p384SecretBytes) {
      const lengths = `${classical.length} bytes, not ${p384SecretBytes}`;
      throw new DriverError("module", `The module agreed on a secret of ${lengths}.`);
    }
    return combine(quantumSafe, classical, ephemeralPoint, point);
  } finally {
    quantumSafe.fill(0);
  }
}

/** Overwrites the classical secret. */
function combine(
  quantumSafe: Uint8Array,
  classical: Uint8Array,
  ephemeralPoint: Uint8Array,
  point: Uint8Array,
): Uint8Array {
  const input = Buffer.concat([quantumSafe, classical, ephemeralPoint, point, label]);
  try {
    return hash("sha3-256", input, "buffer");
  } finally {
    input.fill(0);
    classical.fill(0);
  }
}

function checkEphemeral(point: Uint8Array): void {
  if (point.length !== p384PointBytes) {
    const bytes = compositeCiphertextBytes.toLocaleString("en");
    throw new DriverError("authentication", `A ciphertext of MLKEM768-P384 has ${bytes} bytes.`);
  }
  try {
    checkPoint(point);
  } catch {
    // Of a ciphertext, unlike of a key, it says that somebody changed it.
    throw new DriverError("authentication", "The ciphertext has a point that is not on P-384.");
  }
}

function bothOf({ spki, pq }: PublicParts): { point: Uint8Array; pq: Uint8Array } {
  if (spki === undefined || pq === undefined) throw half();
  return { point: p384Point(spki), pq };
}

const half = () => new DriverError("refused", "A key of MLKEM768-P384 has two halves.");
