/**
 * Puts parts that are DER already into one another (X.690). What the parts are made of is the
 * library's work; this alone is ours, because of a figure: @peculiar/asn1-schema builds 1,200
 * certificates a CPU-second before the signature, and asn1js 3,400 to 4,900 where the parts that stay
 * the same are encoded once; but it loses such parts within a SEQUENCE, so they are nested here, as are
 * the names and extensions that each certificate has of its own, which the library takes half of the
 * time for that is not spent on signatures. What others sent us is read by the library in any case.
 */
import { AsnSerializer } from "@peculiar/asn1-schema";
import { AlgorithmIdentifier } from "@peculiar/asn1-x509";

/** Tags that are used here. */
export const tags = {
  ...{
    boolean: 0x01,
    integer: 0x02,
    bitString: 0x03,
    octetString: 0x04,
    null: 0x05,
    utf8String: 0x0c,
  },
  ...{ sequence: 0x30, set: 0x31 },
} as const;

/** DER of an OBJECT IDENTIFIER. */
export function objectIdentifier(id: string): Buffer {
  // The library has no type that is nothing else; this is the first part of one that has it.
  const [type = Buffer.of()] = partsOf(encode(new AlgorithmIdentifier({ algorithm: id })));
  return Buffer.from(type);
}

/** Encodes a value of the library. */
export function encode(value: unknown): Buffer {
  return Buffer.from(AsnSerializer.serialize(value));
}

/** @param parts each DER, or the content itself of something primitive */
export function nest(tag: number, ...parts: readonly Uint8Array[]): Buffer {
  const length = parts.reduce((sum, part) => sum + part.length, 0);
  return Buffer.concat([header(tag, length), ...parts]);
}

export function sequence(...parts: readonly Uint8Array[]): Buffer {
  return nest(tags.sequence, ...parts);
}

/** `[number] EXPLICIT` */
export function explicit(number: number, part: Uint8Array): Buffer {
  return nest(0xa0 | number, part);
}

/** A BIT STRING of whole bytes. */
export function bitString(bytes: Uint8Array): Buffer {
  return nest(tags.bitString, Buffer.of(0), bytes);
}

export function octetString(bytes: Uint8Array): Buffer {
  return nest(tags.octetString, bytes);
}

/** `[number] IMPLICIT` of something primitive. @param content without a header */
export function tagged(number: number, content: Uint8Array): Buffer {
  return nest(0x80 | number, content);
}

/** A positive INTEGER. @param hex its digits */
export function integer(hex: string): Buffer {
  const digits = hex.replace(/^0+(?=.)/, "");
  const bytes = Buffer.from(digits.length % 2 === 0 ? digits : `0${digits}`, "hex");
  const isNegative = ((bytes[0] ?? 0) & 0x80) !== 0;
  return nest(tags.integer, ...(isNegative ? [Buffer.of(0), bytes] : [bytes]));
}

/** How many bytes the value has that stands first, with its header; 0 where none can be read. */
export function lengthOf(der: Uint8Array): number {
  const short = der[1] ?? 0x80;
  if (short < 0x80) return 2 + short;
  const count = short & 0x7f;
  if (count === 0 || count > 3) return 0;
  return 2 + count + Number.parseInt(Buffer.from(der.subarray(2, 2 + count)).toString("hex"), 16);
}

/**
 * What stands within the first value, each part with its header.
 * @param der that the library or OpenSSL has read before: lengths are believed
 */
export function partsOf(der: Uint8Array): Uint8Array[] {
  const end = lengthOf(der);
  const parts: Uint8Array[] = [];
  for (let at = headerLength(der); at < end; ) {
    const length = lengthOf(der.subarray(at));
    // Where none can be read, the rest is one part.
    const next = length === 0 ? end : at + length;
    parts.push(der.subarray(at, next));
    at = next;
  }
  return parts;
}

/** What stands in a primitive value, without its header. */
export function contentOf(der: Uint8Array): Uint8Array {
  return der.subarray(headerLength(der), lengthOf(der));
}

function headerLength(der: Uint8Array): number {
  const first = der[1] ?? 0;
  return first < 0x80 ? 2 : 2 + (first & 0x7f);
}

function header(tag: number, length: number): Buffer {
  if (length < 0x80) return Buffer.of(tag, length);
  const digits = length.toString(16);
  const bytes = Buffer.from(digits.length % 2 === 0 ? digits : `0${digits}`, "hex");
  return Buffer.concat([Buffer.of(tag, 0x80 | bytes.length), bytes]);
}
