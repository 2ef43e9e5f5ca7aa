/**
 * What a person declared of a tenant's volume: canonical JSON (RFC 8785) in a key of the tenant's
 * Incus project. Imports nothing from node:, since the pages use its schemas too.
 */
import * as v from "valibot";
import { canonical } from "../../audit/canonical.ts";
import { base64Schema, timeSchema } from "../../bus/fields.ts";
import { regionSchema } from "../../hsm/algorithms.ts";
import { keyNameSchema } from "../../hsm/keys/record.ts";
import { storageClassSchema } from "./classes.ts";
import { volumeKinds } from "./kinds/names.ts";

/** Followed by the volume's name. */
export const volumeKeyPrefix = "user.dsecos.volume.";

export const volumeNameSchema = v.pipe(
  v.string(),
  v.regex(
    /^[a-z]([a-z0-9]|-(?!-)){0,38}[a-z0-9]$/,
    "A volume's name has 2 to 40 characters: a-z, 0-9 and single hyphens, and begins with a letter.",
  ),
  v.description("Name of a volume, for example archive"),
);

/** So many fit into the capabilities of one key, which Ceph's daemons read at every connection. */
export const mostVolumes = 100;

/**
 * `deleting`: can be restored until `deleteAt`. `removing`: its data is being removed, and it cannot
 * be restored any more.
 */
export const declaredStates = ["active", "deleting", "removing"] as const;

/** The key of a block volume in the HSM, and the passphrase under it. */
const volumeKeySchema = v.object({
  name: keyNameSchema,
  /** What the HSM gives the passphrase back for, in base64; on record before anything has the passphrase. */
  wrapped: v.optional(base64Schema(256)),
  /** When the image was whole and opened with it; from then on it is never made anew. */
  madeAt: v.optional(timeSchema),
  /** How often the passphrase was given to somebody. */
  given: v.optional(v.number()),
});

/** Who had the key destroyed, and who approved. */
const volumeEraseSchema = v.object({
  by: v.string(),
  approvers: v.array(v.string()),
  reason: v.string(),
  at: timeSchema,
  /** When the certificate went on record. */
  certifiedAt: v.optional(timeSchema),
});

/** Of a WORM file volume: what must be there, so that what somebody removes is noticed. */
const snapshotsSchema = v.object({
  /** When each was taken, in seconds since 1970; there are 100 at most. */
  taken: v.array(v.number()),
  /** How many were gone before their time. */
  lost: v.number(),
});

export const volumeRecordSchema = v.object({
  kind: v.picklist(volumeKinds),
  /** Decimal, so that every program reads the same number. */
  bytes: v.pipe(v.string(), v.regex(/^[1-9][0-9]{0,15}$/)),
  jurisdiction: regionSchema,
  class: storageClassSchema,
  worm: v.boolean(),
  /** Days that a WORM bucket holds what is written into it, or a file volume's snapshots are kept. */
  retention: v.optional(v.pipe(v.number(), v.integer(), v.minValue(1))),
  /** The bucket that was made for it and the pool with that, so that neither is made anew unnoticed. */
  stored: v.optional(v.object({ bucket: v.string(), pool: v.number() })),
  snapshots: v.optional(snapshotsSchema),
  createdAt: timeSchema,
  createdBy: v.string(),
  state: v.picklist(declaredStates),
  deleteAt: v.optional(timeSchema),
  key: v.optional(volumeKeySchema),
  /** Set where its key is destroyed before its data is removed. */
  erase: v.optional(volumeEraseSchema),
});
export type VolumeRecord = v.InferOutput<typeof volumeRecordSchema>;

export const writeVolume = (record: VolumeRecord) => canonical(record);

/** @returns undefined where the text is no record that we wrote */
export function parseVolume(text: string): VolumeRecord | undefined {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    return undefined; // The caller says which key cannot be read.
  }
  const result = v.safeParse(volumeRecordSchema, value);
  return result.success ? result.output : undefined;
}
