/** Names under which a driver counts the uses of a key's private parts. */
import { createHash } from "node:crypto";
import type { KeyRecord, KeyVersion } from "../keys/record.ts";

/** @returns names of the parts that every use of this version takes, one or two */
export function objectsOf({ id, sealed }: KeyVersion): string[] {
  return [
    ...(id === undefined ? [] : [id]),
    ...(sealed === undefined ? [] : [sealedName(sealed.under, Buffer.from(sealed.blob, "base64"))]),
  ];
}

/** Of a sealed seed: the AES key above it and the first 16 bytes of the SHA-256 of its blob. */
export function sealedName(under: string, blob: Uint8Array): string {
  return `${under}.${createHash("sha256").update(blob).digest("hex").slice(0, 32)}`;
}

/** Key and version by object. */
export function namesOf(
  records: readonly KeyRecord[],
): Map<string, { key: string; version: number }> {
  const names = new Map<string, { key: string; version: number }>();
  for (const { name, versions } of records) {
    for (const version of versions) {
      for (const object of objectsOf(version)) {
        names.set(object, { key: name, version: version.version });
      }
    }
  }
  return names;
}
