/**
 * Names, sizes and headers of the log's files, as packaging/doc/audit-format.md describes them.
 * Integers are unsigned and big-endian.
 */
import { createHash, hash } from "node:crypto";

export const bundleEvents = 256;
export const segmentEvents = 65_536;
export const chainBytes = 64;
export const saltBytes = 16;
export const saltKeyBytes = 32;
export const segmentHeaderBytes = 120;
/** What of a segment's header is hashed; the chain value before it follows in the header itself. */
export const segmentHashedBytes = segmentHeaderBytes - chainBytes;
export const frameHeaderBytes = 32;
export const lengthBytes = 4;
/** An entry of a tiled log has at most 65,535 bytes: payload, salt and chain value. */
export const maximumPayload = 65_535 - saltBytes - chainBytes;

export const segmentMagic = "DSECSEG1";
export const frameMagic = 0x44534652; // "DSFR"
export const endMagic = "DSECEND1";
export const directoryEntryBytes = 112;
export const footerBytes = 24;

export const genesis: Buffer = Buffer.alloc(chainBytes);

export interface SegmentHeader {
  first: number;
  /** Microseconds since 1970. */
  openedAt: bigint;
  saltKey: Buffer;
  /** Chain value before this segment. */
  before: Buffer;
}

export interface FrameHeader {
  bodyBytes: number;
  count: number;
  first: number;
  /** Microseconds since 1970. */
  committedAt: bigint;
}

export function encodeSegmentHeader(header: SegmentHeader): Buffer {
  const bytes = Buffer.alloc(segmentHeaderBytes);
  bytes.write(segmentMagic, 0, "latin1");
  bytes.writeBigUInt64BE(BigInt(header.first), 8);
  bytes.writeBigUInt64BE(header.openedAt, 16);
  header.saltKey.copy(bytes, 24);
  header.before.copy(bytes, segmentHashedBytes);
  return bytes;
}

/** @returns undefined for what cannot be a segment's header. */
export function decodeSegmentHeader(bytes: Buffer): SegmentHeader | undefined {
  if (bytes.length < segmentHeaderBytes) return undefined;
  if (bytes.toString("latin1", 0, 8) !== segmentMagic) return undefined;
  const first = Number(bytes.readBigUInt64BE(8));
  if (!Number.isSafeInteger(first) || first % bundleEvents !== 0) return undefined;
  return {
    first,
    openedAt: bytes.readBigUInt64BE(16),
    saltKey: bytes.subarray(24, 24 + saltKeyBytes),
    before: bytes.subarray(segmentHashedBytes, segmentHeaderBytes),
  };
}

export function encodeFrameHeader(header: FrameHeader, into: Buffer, offset: number): void {
  into.writeUInt32BE(frameMagic, offset);
  into.writeUInt32BE(header.bodyBytes, offset + 4);
  into.writeUInt32BE(header.count, offset + 8);
  into.writeUInt32BE(0, offset + 12);
  into.writeBigUInt64BE(BigInt(header.first), offset + 16);
  into.writeBigUInt64BE(header.committedAt, offset + 24);
}

/** @returns undefined for what cannot be the header of the frame that begins with event `first`. */
export function decodeFrameHeader(
  bytes: Buffer,
  offset: number,
  first: number,
): FrameHeader | undefined {
  if (bytes.length - offset < frameHeaderBytes) return undefined;
  if (bytes.readUInt32BE(offset) !== frameMagic) return undefined;
  const bodyBytes = bytes.readUInt32BE(offset + 4);
  const count = bytes.readUInt32BE(offset + 8);
  const fits = count >= 1 && (first % bundleEvents) + count <= bundleEvents;
  const sized =
    bodyBytes >= count * (lengthBytes + 2) && bodyBytes <= count * (lengthBytes + maximumPayload);
  if (!fits || !sized || bytes.readUInt32BE(offset + 12) !== 0) return undefined;
  if (bytes.readBigUInt64BE(offset + 16) !== BigInt(first)) return undefined;
  return { bodyBytes, count, first, committedAt: bytes.readBigUInt64BE(offset + 24) };
}

/** The one rule of the chain. @returns SHA3-512(bytes || chain), 64 bytes. */
export function link(bytes: Buffer, chain: Buffer): Buffer {
  return hash("sha3-512", Buffer.concat([bytes, chain]), "buffer");
}

/** @returns the 256 salts of a bundle, one behind the other. */
export function saltsOf(saltKey: Buffer, bundle: number): Buffer {
  const number = Buffer.alloc(8);
  number.writeBigUInt64BE(BigInt(bundle));
  const outputLength = bundleEvents * saltBytes;
  return createHash("shake256", { outputLength }).update(saltKey).update(number).digest();
}

/** @returns for example `00000000000000065536` */
export function segmentName(first: number): string {
  return String(first).padStart(20, "0");
}
