/** A version of a key as the driver takes it. */
import type { PrivateParts, PublicParts, Seal } from "../driver/types.ts";
import type { KeyRecord, KeyVersion } from "../keys/record.ts";
import { seedAad } from "../keys/sealing.ts";
import { aadOf, type BlobUse } from "./aad.ts";

/** The AES key of a version, bound to what a blob of it is for. */
export function sealOf(
  record: KeyRecord,
  version: KeyVersion,
  use: BlobUse,
  context: string,
): Seal {
  if (version.id === undefined) throw new Error(`${record.name} has no object in the token`);
  return { id: version.id, aad: bindingOf(record, version.version, use, context) };
}

export function bindingOf(
  { tenant, name, algorithm, region }: KeyRecord,
  version: number,
  use: BlobUse,
  context: string,
): Uint8Array {
  return aadOf({ tenant, key: name, version, algorithm, region, use, context });
}

export function privateParts(record: KeyRecord, version: KeyVersion): PrivateParts {
  const { id, sealed } = version;
  return {
    ...(id === undefined ? {} : { id }),
    ...(sealed === undefined
      ? {}
      : {
          sealed: {
            seal: { id: sealed.under, aad: seedAad(seedOf(record, version)) },
            blob: Buffer.from(sealed.blob, "base64"),
          },
        }),
  };
}

function seedOf({ tenant, name, algorithm, region }: KeyRecord, { version }: KeyVersion) {
  return { tenant, key: name, version, algorithm, region };
}

export function publicParts({ spki, sealed }: KeyVersion): PublicParts {
  return {
    ...(spki === undefined ? {} : { spki: Buffer.from(spki, "base64") }),
    ...(sealed === undefined ? {} : { pq: Buffer.from(sealed.publicKey, "base64") }),
  };
}
