/** What the agent answers about how long WORM volumes hold what is in them. Imports nothing from node:. */
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

export const heldFilesSchema = v.object({
  tenant: v.string(),
  volume: v.string(),
  /** Days that each snapshot is kept. */
  retention: v.number(),
  /** Hours between two; none is taken while nothing is in the volume. */
  every: v.number(),
  /** `waiting`: it was not looked at yet; `closed`: it waits to be removed. */
  state: v.picklist(["known", "waiting", "closed", "failed"]),
  /** What is not as promised; empty where all is. */
  error: v.string(),
  /** When Ceph was asked; empty where it never was. */
  at: v.union([timeSchema, v.literal("")]),
  snapshots: v.number(),
  /** When the newest was taken; empty where there is none. */
  newest: v.union([timeSchema, v.literal("")]),
  /** How many may be removed when: a day, or beyond 62 days a month. */
  until: v.array(v.object({ period: v.string(), snapshots: v.number() })),
  /** Until when the last is kept; empty where there is none. */
  last: v.union([timeSchema, v.literal("")]),
  /** How many were gone before their time. */
  lost: v.number(),
});
export type HeldFiles = v.InferOutput<typeof heldFilesSchema>;

/** Copies of the audit log that are made off this node. */
export const logCopiesSchema = v.object({
  /** `none`: no place is named. */
  state: v.picklist(["none", "ok", "warning", "alarm", "unknown"]),
  /** Where they go; empty for none. */
  target: v.string(),
  /** Days that the store refuses to change or delete a copy, from when it is made; 0 for none. */
  retention: v.number(),
  /** Until when a copy is held that is made now; empty where nothing holds it. */
  until: v.union([timeSchema, v.literal("")]),
  files: v.number(),
  bytes: v.number(),
  /** What is known of them, or what to do, in a sentence. */
  text: v.string(),
});
export type LogCopies = v.InferOutput<typeof logCopiesSchema>;

export const retentionSchema = v.object({
  buckets: v.array(heldSchema),
  /** File volumes, whose content is held by snapshots. */
  files: v.array(heldFilesSchema),
  log: logCopiesSchema,
  /** What somebody with more than a bucket's key could still do, and what would show it. */
  adminCan: v.array(v.string()),
  /** What snapshots do not hold, what somebody could still do to them, and what would show it. */
  snapshotsCannot: v.array(v.string()),
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

/** Each was tried against a real cluster. */
export const snapshotsCannot = [
  "Snapshots are no WORM: files stay writable, and what is written and changed or deleted between two snapshots is lost. CephFS has nothing stronger; where that is not enough, use an object volume.",
  "Who has the tenant's key cannot take, rename, change or remove a snapshot through CephFS, nor remove it below that. But who writes objects with that key directly into the volume's own namespace (rados put or rm) past CephFS changes what snapshots show, where a file was not changed since they were taken. Nothing in Ceph shows that: give the key of a volume that matters to machines you trust.",
  "Whoever has a key as strong as the admin's can remove snapshots (ceph fs subvolume snapshot rm) or the volume with them. Snapshots that are gone before their time, or a volume that is, are on record within a minute (ceph.WormLost), and the cluster's audit log has the command.",
  "Whoever may write into the project of the tenant in Incus can declare the volume to be no WORM volume, or for fewer days. It is put back within a minute, which is on record (ceph.WormChanged). Who takes away all that is declared of its snapshots, too, ends new ones; those that are there have their day in their names, and the console deletes no volume that has one which is still kept.",
  "Snapshots are on the same devices as the volume: they hold what people delete, and are no backup. What is changed or deleted takes room until the last snapshot with it is over, beside the size of the volume.",
] as const;
