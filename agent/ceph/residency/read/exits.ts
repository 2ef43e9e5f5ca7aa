/**
 * Ways by which data leaves the cluster: `rbd mirror pool info`, mirrors of `ceph fs dump`, zones of
 * `radosgw-admin zonegroup get`, and clients that are connected. What was not asked is left out, and is
 * not known then.
 */
import * as v from "valibot";
import { NotUnderstood } from "./shape.ts";

const names = v.array(v.string());

export const exitsSchema = v.strictObject({
  /** One for each pool that was asked. */
  rbd: v.optional(
    v.array(
      v.strictObject({
        pool: v.string(),
        mode: v.picklist(["disabled", "image", "pool", "init-only"]),
        /** RADOS namespaces whose images are mirrored. */
        namespaces: v.optional(names, []),
        /** Names of the clusters that it is mirrored with. */
        peers: names,
      }),
    ),
  ),
  /** All file systems of the cluster. */
  cephfs: v.optional(
    v.array(
      v.strictObject({
        fileSystem: v.string(),
        /** Ids of its pools: metadata and data. */
        pools: v.array(v.pipe(v.number(), v.safeInteger())),
        peers: names,
      }),
    ),
  ),
  /** All zones among which objects are copied, and stores that get them by their age. */
  rgw: v.optional(v.strictObject({ peers: names })),
  /** All that are connected. */
  clients: v.optional(
    v.array(
      v.strictObject({
        entity: v.string(),
        /** As monitors see it, without a port. */
        address: v.string(),
        /** Its capabilities, where they were listed. */
        osd: v.optional(v.string()),
        mds: v.optional(v.string()),
      }),
    ),
  ),
  /** Why something was not told, in a sentence. */
  reasons: v.optional(
    v.strictObject({
      rbd: v.optional(v.string()),
      cephfs: v.optional(v.string()),
      rgw: v.optional(v.string()),
      clients: v.optional(v.string()),
    }),
  ),
});
export type Exits = v.InferInput<typeof exitsSchema>;
export type KnownExits = v.InferOutput<typeof exitsSchema>;

/** @throws NotUnderstood */
export function parseExits(value: unknown): KnownExits {
  const result = v.safeParse(exitsSchema, value);
  if (!result.success) throw new NotUnderstood("ways out of the cluster have another form");
  return result.output;
}
