/**
 * SubjectPublicKeyInfo of the keys that OpenSSL 3.0 does not know. For each algorithm it is one fixed
 * header and then the key, since all lengths are fixed; so it is written and read without a parser.
 *
 * Sources: RFC 9881 (ML-DSA), RFC 9935 (ML-KEM), RFC 5480 (P-384), draft-ietf-lamps-pq-composite-sigs
 * and draft-ietf-lamps-pq-composite-kem.
 */
import { DriverError } from "../driver/types.ts";
import { mlDsa65, mlKem768, p384PointBytes } from "./sizes.ts";

interface Encoding {
  readonly header: Uint8Array;
  readonly keyBytes: number;
}

const encodings = {
  "ML-DSA-65": encoding("0609608648016503040312", mlDsa65.publicKeyBytes),
  "ML-KEM-768": encoding("0609608648016503040402", mlKem768.publicKeyBytes),
  "P-384": encoding("06072a8648ce3d020106052b81040022", p384PointBytes),
  /** 1.3.6.1.5.5.7.6.46: id-MLDSA65-ECDSA-P384-SHA512 */
  "MLDSA65-P384": encoding("06082b0601050507062e", mlDsa65.publicKeyBytes + p384PointBytes),
  /** 1.3.6.1.5.5.7.6.60: id-MLKEM768-ECDH-P384-SHA3-256 */
  "MLKEM768-P384": encoding("06082b0601050507063c", mlKem768.publicKeyBytes + p384PointBytes),
} as const;
export type SpkiAlgorithm = keyof typeof encodings;

/** @param identifier Content of the AlgorithmIdentifier, in hexadecimal. */
function encoding(identifier: string, keyBytes: number): Encoding {
  const algorithm = Buffer.from(identifier, "hex");
  const bits = Buffer.concat([tag(0x03, keyBytes + 1), Buffer.of(0)]);
  const content = Buffer.concat([tag(0x30, algorithm.length), algorithm, bits]);
  return { header: Buffer.concat([tag(0x30, content.length + keyBytes), content]), keyBytes };
}

/** Tag and length of DER, for lengths under 65,536. */
function tag(number: number, length: number): Buffer {
  if (length < 0x80) return Buffer.of(number, length);
  if (length < 0x100) return Buffer.of(number, 0x81, length);
  return Buffer.of(number, 0x82, length >> 8, length & 0xff);
}

/** @throws DriverError refused, where the key has not the length that its algorithm says. */
export function toSpki(algorithm: SpkiAlgorithm, key: Uint8Array): Uint8Array {
  const { header, keyBytes } = encodings[algorithm];
  if (key.length !== keyBytes) {
    const lengths = `${keyBytes} bytes, not ${key.length}`;
    throw new DriverError("refused", `A public key of ${algorithm} has ${lengths}.`);
  }
  return Buffer.concat([header, key]);
}

/**
 * @returns The bytes of the key alone.
 * @throws DriverError refused, for whatever is not exactly one key of this algorithm.
 */
export function fromSpki(algorithm: SpkiAlgorithm, spki: Uint8Array): Uint8Array {
  const { header, keyBytes } = encodings[algorithm];
  const head = spki.subarray(0, header.length);
  if (spki.length !== header.length + keyBytes || Buffer.compare(head, header) !== 0) {
    throw new DriverError("refused", `This is no public key of ${algorithm}.`);
  }
  return spki.subarray(header.length);
}
