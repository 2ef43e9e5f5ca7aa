/** Certificates (RFC 5280, section 4): what is signed, and the signature around it. */
import { randomBytes } from "node:crypto";
import { Time } from "@peculiar/asn1-x509";
import { type AuthorityAlgorithm, signatureAlgorithms } from "./algorithms.ts";
import { bitString, encode, explicit, integer, sequence } from "./der.ts";

export interface CertificateContent {
  /** @see newSerial */
  readonly serial: string;
  readonly algorithm: AuthorityAlgorithm;
  /** DER of the names and of the subject's SubjectPublicKeyInfo. */
  readonly issuer: Uint8Array;
  readonly subject: Uint8Array;
  readonly spki: Uint8Array;
  readonly notBefore: Date;
  readonly notAfter: Date;
  /** Each DER. */
  readonly extensions: readonly Uint8Array[];
}

const version3 = explicit(0, integer("2"));

/**
 * A serial number: 126 random bits in 16 bytes, of which the first is neither 0 nor above 0x7f, so
 * that it is positive and always as long. In hexadecimal.
 */
export function newSerial(random: Uint8Array = randomBytes(16)): string {
  const bytes = Buffer.from(random);
  bytes[0] = ((bytes[0] ?? 0) & 0x3f) | 0x40;
  return bytes.toString("hex");
}

/** TBSCertificate as DER. */
export function certificateContent(content: CertificateContent): Buffer {
  return sequence(
    version3,
    integer(content.serial),
    signatureAlgorithms[content.algorithm],
    content.issuer,
    sequence(encodeTime(content.notBefore), encodeTime(content.notAfter)),
    content.subject,
    content.spki,
    explicit(3, sequence(...content.extensions)),
  );
}

/** What was signed with its signature: a certificate, or a list of revoked ones. */
export function signed(
  content: Uint8Array,
  algorithm: AuthorityAlgorithm,
  signature: Uint8Array,
): Buffer {
  return sequence(content, signatureAlgorithms[algorithm], bitString(signature));
}

/** Until 2049 as UTCTime, then as GeneralizedTime, in whole seconds. */
export function encodeTime(time: Date): Buffer {
  return encode(new Time(time));
}
