/** What the agent answers about how long buckets hold what is in them. Imports nothing from node:. */
import * as v from "valibot";
import { timeSchema } from "../../../bus/fields.ts";

export const retentionFilterSchema = v.strictObject({
  tenant: v.optional(v.pipe(v.string(), v.description("Only this tenant's; empty for all")), ""),
  volume: v.optional(v.pipe(v.string(), v.description("Only volumes so named; empty for all")), ""),
});
export type RetentionFilter = v.InferOutput<typeof retentionFilterSchema>;

const amountSchema = v.object({ objects: v.number(), bytes: v.number() });

export const heldSchema = v.object({
  tenant: v.string(),
  volume: v.string(),
  /** Days that new objects are held. */
  retention: v.number(),
  /** `waiting`: it is being looked at, or is not yet; `closed`: it waits to be removed. */
  state: v.picklist(["known", "waiting", "closed", "failed"]),
  /** Why nothing newer is known; empty where it is. */
  error: v.string(),
  /** When that was looked at; empty where it never was. */
  at: v.union([timeSchema, v.literal("")]),
  /** Versions of objects that were listed, those that a deletion hides included. */
  versions: v.number(),
  /** Of these, each asked for until when it is held; of the rest that is counted from when it was written. */
  asked: v.number(),
  /** Whether that were all. */
  complete: v.boolean(),
  /** What can be deleted when: until then it is held by whoever asks. A day, or beyond 62 days a month. */
  until: v.array(v.object({ ...amountSchema.entries, period: v.string() })),
  /** End of the last hold; empty where nothing is held. */
  last: v.union([timeSchema, v.literal("")]),
  /** Can be deleted now. */
  free: amountSchema,
  /** Written with a hold that the volume's key itself can end (governance mode). */
  endable: amountSchema,
  /** Held without an end until somebody takes that away (legal hold). */
  legal: amountSchema,
  /** Listed and not there: somebody removed their data past S3. */
  lost: v.number(),
});
export type Held = v.InferOutput<typeof heldSchema>;

export const retentionSchema = v.object({
  buckets: v.array(heldSchema),
  /** What somebody with more than a volume's key could still do, and what would show it. */
  adminCan: v.array(v.string()),
});
export type Retention = v.InferOutput<typeof retentionSchema>;

/** Each was tried against a real gateway. */
export const adminCan = [
  "Whoever runs radosgw-admin can remove a bucket or single objects with all that they hold (bucket rm --purge-objects, object rm): the lock binds S3 alone. A bucket that is gone is on record within a minute (ceph.BucketGone), objects that are missing within the hour (ceph.WormLost).",
  "A gateway's user with the flag system can change how long new objects are held, though nothing of what is there. That is on record within a minute (ceph.WormChanged).",
  "Whoever may write into the pool (rados, or a key with osd 'allow *') can remove objects below the gateway, which goes on listing them. What is listed and not there is counted as lost and on record within the hour (ceph.WormLost).",
  "Whoever may change pools can take the flag nodelete from one and delete it with all buckets. The flag is set again within a minute, which is on record (ceph.PoolUnguarded), as is a pool that was made anew (ceph.BucketGone); the monitors' audit log has the commands.",
  "Whoever sets the clock of a gateway's node ahead ends holds early, for as long as it is so.",
  "Who writes an object may ask a shorter hold, or one that the key can end, for what is written then; never for what is there. It is counted as endable, or sooner than the volume's days.",
] as const;
