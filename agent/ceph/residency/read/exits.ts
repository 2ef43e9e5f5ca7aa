/**
 * Ways by which the cluster itself copies data elsewhere: `rbd mirror pool info`, mirrors of `ceph fs
 * dump`, zones of `radosgw-admin period get`. What was not asked is left out, and is not known then.
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
        mode: v.picklist(["disabled", "image", "pool"]),
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
  /** All zones that get objects from this cluster, besides its own. */
  rgw: v.optional(v.strictObject({ peers: names })),
});
export type Exits = v.InferOutput<typeof exitsSchema>;

/** @throws NotUnderstood */
export function parseExits(value: unknown): Exits {
  const result = v.safeParse(exitsSchema, value);
  if (!result.success) throw new NotUnderstood("ways out of the cluster have another form");
  return result.output;
}
