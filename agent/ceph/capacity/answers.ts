/** What the agent answers about room in the cluster. Imports nothing from node:, since the pages use it too. */
import * as v from "valibot";
import { cursorSchema, limitSchema, lineSchema, pageOf, timeSchema } from "../../bus/fields.ts";

export const poolSchema = v.object({
  id: v.number(),
  name: v.string(),
  kind: v.picklist(["replicated", "erasure", "unknown"]),
  /** Copies, or parts of an erasure code: k of data and m that may be lost. */
  size: v.number(),
  minSize: v.number(),
  /** Null where it is replicated, or its profile is not known. */
  erasure: v.nullable(v.object({ k: v.number(), m: v.number() })),
  /** Bytes on devices for one byte that is stored; null where it is not known. */
  factor: v.nullable(v.number()),
  /** How many OSDs of a placement group may be lost without losing data. */
  mayLose: v.nullable(v.number()),
  storedKiB: v.number(),
  /** On devices, all copies together. */
  usedKiB: v.number(),
  /** How much more Ceph says can be stored, before the fullest OSD is full. */
  availableKiB: v.number(),
  /** 0 where it has none. */
  quotaKiB: v.number(),
  objects: v.number(),
  pgs: v.number(),
  /** Name of its CRUSH rule; empty where there is no such rule. */
  rule: v.string(),
  /** For example cephfs, rbd, rgw. */
  applications: v.array(v.string()),
});
export type Pool = v.InferOutput<typeof poolSchema>;

/** How quickly the cluster fills. */
export const growthSchema = v.object({
  /** `measured`: from samples since the agent started. `average`: over the life of the cluster. */
  basis: v.picklist(["measured", "average"]),
  since: timeSchema,
  samples: v.number(),
  /** Below 0 while it empties. */
  kibPerDay: v.number(),
  /** Null where it never is at this pace. */
  daysUntilNearlyFull: v.nullable(v.number()),
  daysUntilFull: v.nullable(v.number()),
});
export type Growth = v.InferOutput<typeof growthSchema>;

/** What would be if the largest bucket of a type were lost and all it held were made anew. */
export const lossSchema = v.object({
  type: v.string(),
  name: v.string(),
  /** Whether a rule keeps copies apart by this type. */
  isFailureDomain: v.boolean(),
  lostKiB: v.number(),
  totalKiB: v.number(),
  usedKiB: v.number(),
  /** 0 to 1, or more where it does not fit. */
  share: v.number(),
  /** `lost`: some pools lie in it alone, so that their data goes with it. */
  outcome: v.picklist(["fits", "nearlyFull", "full", "lost"]),
  /** Names of the first 20 of those pools. */
  lostPools: v.array(v.string()),
  /** Of the growth that is told; null where it never is. */
  daysUntilFull: v.nullable(v.number()),
});
export type Loss = v.InferOutput<typeof lossSchema>;

export const capacityFilterSchema = v.strictObject({
  /** Words that must all occur in the name, rule or application of a pool. */
  search: v.optional(lineSchema(200), ""),
  sort: v.optional(v.picklist(["name", "storedKiB", "usedKiB", "availableKiB"]), "name"),
  descending: v.optional(v.boolean(), false),
  cursor: v.optional(cursorSchema, ""),
  limit: v.optional(limitSchema, 100),
});
export type CapacityFilter = v.InferOutput<typeof capacityFilterSchema>;

export const capacitySchema = v.object({
  at: timeSchema,
  totalKiB: v.number(),
  usedKiB: v.number(),
  availableKiB: v.number(),
  /** Shares, 0 to 1, at which Ceph warns, stops moving data, and stops writing. */
  ratios: v.object({ nearlyFull: v.number(), backfillFull: v.number(), full: v.number() }),
  /** The OSD that is fullest, which is the one that stops writing first; null where none told. */
  fullest: v.nullable(v.object({ osd: v.number(), share: v.number() })),
  classes: v.array(
    v.object({
      name: v.string(),
      totalKiB: v.number(),
      usedKiB: v.number(),
      availableKiB: v.number(),
    }),
  ),
  /** Best known first; empty where nothing can be said. */
  growth: v.array(growthSchema),
  /** Why nothing better is known of growth; empty where it was measured long enough. */
  growthNote: v.string(),
  /** By type of bucket, the widest first. */
  losses: v.array(lossSchema),
  pools: pageOf(poolSchema),
  /** What could not be read, so that figures are missing; one sentence each. */
  missing: v.array(v.string()),
});
export type Capacity = v.InferOutput<typeof capacitySchema>;
