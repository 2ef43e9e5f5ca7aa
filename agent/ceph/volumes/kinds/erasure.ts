/** Certificates of erasure. Imports nothing from node:, since the pages use the schema too. */
import * as v from "valibot";
import { timeSchema } from "../../../bus/fields.ts";
import type { VolumeKeyFacts } from "../../../hsm/volumes/types.ts";
import type { Volume } from "./types.ts";

/**
 * That the key under which a volume's passphrase was wrapped is destroyed, and its token has answered
 * that it has no such object. It does not say that nobody kept the passphrase: how often it was given
 * out is part of it, and to whom is in the audit log.
 */
export const erasureSchema = v.object({
  format: v.literal("dsecos-erasure-1"),
  tenant: v.string(),
  volume: v.string(),
  kind: v.literal("block"),
  /** Pool, namespace and image. */
  image: v.string(),
  bytes: v.number(),
  createdAt: timeSchema,
  key: v.object({
    name: v.string(),
    /** `<driver>/<label>` */
    token: v.string(),
    algorithm: v.literal("AES-256"),
    versions: v.array(
      v.object({
        version: v.number(),
        /** SHA-256 of its id in the token, hexadecimal. */
        fingerprint: v.string(),
        createdAt: timeSchema,
        destroyedAt: timeSchema,
      }),
    ),
  }),
  /** How often the passphrase was given to somebody. */
  given: v.number(),
  requestedBy: v.string(),
  approvedBy: v.array(v.string()),
  reason: v.string(),
  requestedAt: timeSchema,
  /** When the last version of the key was destroyed. */
  erasedAt: timeSchema,
});
export type Erasure = v.InferOutput<typeof erasureSchema>;

/** @param destroyed the key as its token has it after that */
export function certificateOf(
  { tenant, name, record }: Volume,
  image: string,
  destroyed: VolumeKeyFacts,
): Erasure {
  const { erase, createdAt } = record;
  if (erase === undefined) throw new Error(`${name} was not to be erased`);
  const versions = destroyed.versions.map(({ destroyedAt, ...version }) => {
    if (destroyedAt === undefined) throw new Error(`${destroyed.key} is not destroyed`);
    return { ...version, destroyedAt };
  });
  const { key, token } = destroyed;
  return {
    ...{ format: "dsecos-erasure-1", tenant, volume: name, kind: "block", image },
    ...{ bytes: Number(record.bytes), createdAt },
    key: { name: key, token, algorithm: "AES-256", versions },
    given: record.key?.given ?? 0,
    ...{ requestedBy: erase.by, approvedBy: erase.approvers, reason: erase.reason },
    requestedAt: erase.at,
    erasedAt:
      versions
        .map(({ destroyedAt }) => destroyedAt)
        .sort()
        .at(-1) ?? "",
  };
}
