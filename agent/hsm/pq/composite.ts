/**
 * Composite signature id-MLDSA65-ECDSA-P384-SHA512 of draft-ietf-lamps-pq-composite-sigs: ML-DSA-65
 * and ECDSA over P-384 with SHA-384, both over the same representative of the message. It stands
 * while one of the two does, and is accepted only where both verify.
 *
 *     M'        = "CompositeAlgorithmSignatures2025" ‖ label ‖ len(context) ‖ context ‖ SHA-512(M)
 *     signature = ML-DSA-65(M', context = label), 3,309 bytes ‖ ECDSA(SHA-384(M')) as DER
 *     key       = ML-DSA-65, 1,952 bytes ‖ uncompressed point, 97 bytes
 */
import { hash, verify } from "node:crypto";
import { DriverError, type PrivateParts, type PublicParts } from "../driver/types.ts";
import { mlDsaSign, mlDsaVerify } from "./ml-dsa.ts";
import { p384Key } from "./p384.ts";
import { withSecret } from "./sealed.ts";
import { mlDsa65 } from "./sizes.ts";
import { fromSpki, toSpki } from "./spki.ts";
import type { TokenForPq } from "./token.ts";

const prefix = Buffer.from("CompositeAlgorithmSignatures2025");
const label = Buffer.from("COMPSIG-MLDSA65-ECDSA-P384-SHA512");
const none = new Uint8Array();

/** @throws RangeError for a context of more than 255 bytes. */
function representative(message: Uint8Array, context: Uint8Array): Buffer {
  if (context.length > 255) throw new RangeError("A context has at most 255 bytes.");
  const digest = hash("sha512", message, "buffer");
  return Buffer.concat([prefix, label, Buffer.of(context.length), context, digest]);
}

/** The public key as SubjectPublicKeyInfo, from those of its halves. */
export function compositeSpki(parts: PublicParts): Uint8Array {
  const { spki, pq } = bothOf(parts);
  return toSpki("MLDSA65-P384", Buffer.concat([pq, fromSpki("P-384", spki)]));
}

/** The halves of a public key that came as SubjectPublicKeyInfo. */
export function compositeParts(spki: Uint8Array): Required<PublicParts> {
  const key = fromSpki("MLDSA65-P384", spki);
  const point = key.subarray(mlDsa65.publicKeyBytes);
  return { pq: key.subarray(0, mlDsa65.publicKeyBytes), spki: toSpki("P-384", point) };
}

/** ECDSA by the token and ML-DSA by the sealed seed; neither half is given out alone. */
export async function compositeSign(
  token: TokenForPq,
  { id, sealed }: PrivateParts,
  message: Uint8Array,
  context: Uint8Array = none,
): Promise<Uint8Array> {
  if (id === undefined || sealed === undefined) throw half();
  const signed = representative(message, context);
  const random = await token.random(32);
  const quantumSafe = await withSecret(token, sealed, (seed) =>
    mlDsaSign(seed, signed, random, label),
  );
  // Last, so that the token has signed nothing where there is no other half.
  return Buffer.concat([quantumSafe, await token.signP384(id, signed)]);
}

/** @returns Whether both halves are signatures of the message; one alone cannot be asked for. */
export async function compositeVerify(
  parts: PublicParts,
  message: Uint8Array,
  signature: Uint8Array,
  context: Uint8Array = none,
): Promise<boolean> {
  const { spki, pq } = bothOf(parts);
  const signed = representative(message, context);
  const classical = signature.subarray(mlDsa65.signatureBytes);
  if (!verify("sha384", signed, p384Key(spki), classical)) return false;
  return mlDsaVerify(pq, signed, signature.subarray(0, mlDsa65.signatureBytes), label);
}

function bothOf({ spki, pq }: PublicParts): Required<PublicParts> {
  if (spki === undefined || pq === undefined) throw half();
  return { spki, pq };
}

const half = () => new DriverError("refused", "A key of MLDSA65-P384 has two halves.");
