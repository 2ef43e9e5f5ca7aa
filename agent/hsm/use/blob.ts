/**
 * Blobs as callers keep them:
 *
 *     1      format, 1
 *     1      kind: 1 data, 2 key for data, 3 envelope
 *     4      version of the key, big-endian
 *     n      what the driver made: iv (12) ‖ ciphertext ‖ tag (16) of AES-256-GCM, or an envelope
 *
 * Nothing of the head has to be believed: kind and version are part of the associated data, so a
 * blob whose head was changed does not open.
 */
import { DriverError } from "../driver/types.ts";
import type { BlobUse } from "./aad.ts";

const format = 1;
export const headBytes = 6;
const kinds: Record<BlobUse, number> = { data: 1, dataKey: 2, envelope: 3 };

export function packBlob(kind: BlobUse, version: number, body: Uint8Array): Buffer {
  const head = Buffer.alloc(headBytes);
  head.writeUInt8(format, 0);
  head.writeUInt8(kinds[kind], 1);
  head.writeUInt32BE(version, 2);
  return Buffer.concat([head, body]);
}

/** @throws DriverError authentication, as for any blob that is not what was encrypted */
export function unpackBlob(kind: BlobUse, blob: Buffer): { version: number; body: Buffer } {
  if (blob.length <= headBytes || blob[0] !== format || blob[1] !== kinds[kind]) {
    throw new DriverError("authentication", `This is no blob of the kind ${kind}.`);
  }
  return { version: blob.readUInt32BE(2), body: blob.subarray(headBytes) };
}
