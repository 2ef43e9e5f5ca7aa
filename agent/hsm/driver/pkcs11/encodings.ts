/** Public keys and signatures of PKCS#11 as everybody else reads them: DER. */
import { createPublicKey } from "node:crypto";

/** SubjectPublicKeyInfo of secp384r1 and Ed25519 up to the key itself (RFC 5480, RFC 8410). */
const p384Prefix = Buffer.from("3076301006072a8648ce3d020106052b81040022036200", "hex");
const ed25519Prefix = Buffer.from("302a300506032b6570032100", "hex");

/** CKA_EC_POINT is the point in an OCTET STRING; some modules leave that out. */
function unwrapped(point: Buffer, length: number): Buffer | undefined {
  if (point.length === length) return point;
  const header = point.length - length;
  const isString = point[0] === 0x04 && point[header - 1] === length;
  return header >= 2 && header <= 3 && isString ? point.subarray(header) : undefined;
}

/** @returns empty when the point is none of secp384r1. */
export function p384Spki(ecPoint: Buffer): Buffer {
  const point = unwrapped(ecPoint, 97);
  return point === undefined ? Buffer.alloc(0) : Buffer.concat([p384Prefix, point]);
}

/** @returns empty when the point is none of Ed25519. */
export function ed25519Spki(ecPoint: Buffer): Buffer {
  const point = unwrapped(ecPoint, 32);
  return point === undefined ? Buffer.alloc(0) : Buffer.concat([ed25519Prefix, point]);
}

/** @param modulus big-endian, as is the exponent */
export function rsaSpki(modulus: Buffer, exponent: Buffer): Buffer {
  const key = { kty: "RSA", n: modulus.toString("base64url"), e: exponent.toString("base64url") };
  return createPublicKey({ key, format: "jwk" }).export({ type: "spki", format: "der" });
}

/** @param raw r ‖ s, 48 bytes each. @returns ECDSA-Sig-Value of RFC 3279 */
export function ecdsaDer(raw: Buffer): Buffer {
  const half = raw.length >> 1;
  const r = integer(raw.subarray(0, half));
  const s = integer(raw.subarray(half));
  // Two integers of at most 51 bytes: their lengths and the sum fit into one byte each.
  return Buffer.concat([Buffer.from([0x30, r.length + s.length]), r, s]);
}

function integer(value: Buffer): Buffer {
  let from = 0;
  while (from < value.length - 1 && value[from] === 0) from += 1;
  const positive = (value[from] as number) < 0x80;
  const length = value.length - from;
  const header = positive ? [0x02, length] : [0x02, length + 1, 0];
  return Buffer.concat([Buffer.from(header), value.subarray(from)]);
}
