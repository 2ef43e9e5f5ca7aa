/**
 * Answers of the manager and of the monitors' keyring that operators' views are made of, as far as they
 * are used, by the names that Ceph gives them. What another version leaves out counts as not told.
 */
import * as v from "valibot";

/** Of `osd pool autoscale-status`; empty while the manager's module for it is off. */
export const autoscaleSchema = v.array(
  v.object({ pool_id: v.number(), pg_num_final: v.number(), would_adjust: v.boolean() }),
);

const rates = {
  degraded_objects: v.optional(v.number(), 0),
  misplaced_objects: v.optional(v.number(), 0),
  unfound_objects: v.optional(v.number(), 0),
};

/** Of `osd pool stats`; a figure that is 0 is left out. */
export const poolStatsSchema = v.array(
  v.object({
    pool_name: v.string(),
    recovery: v.object(rates),
    recovery_rate: v.object({
      recovering_bytes_per_sec: v.optional(v.number(), 0),
      recovering_objects_per_sec: v.optional(v.number(), 0),
    }),
  }),
);

/** Times in seconds since 1970. */
export const progressSchema = v.object({
  events: v.array(
    v.object({
      id: v.string(),
      message: v.string(),
      progress: v.number(),
      started_at: v.number(),
      time_remaining: v.nullish(v.number(), null),
    }),
  ),
  completed: v.array(
    v.object({
      id: v.string(),
      message: v.string(),
      started_at: v.number(),
      finished_at: v.number(),
      failed: v.optional(v.boolean(), false),
      failure_message: v.optional(v.string(), ""),
    }),
  ),
});

/** Of `device ls`: whatever daemons told of disks that they use. */
export const devicesSchema = v.array(
  v.object({
    devid: v.string(),
    daemons: v.optional(v.array(v.string()), []),
    location: v.optional(
      v.array(v.object({ host: v.string(), dev: v.string(), path: v.optional(v.string(), "") })),
      [],
    ),
    life_expectancy_min: v.optional(v.string(), ""),
    life_expectancy_max: v.optional(v.string(), ""),
    life_expectancy_stamp: v.optional(v.string(), ""),
    wear_level: v.optional(v.number()),
  }),
);

/** Of `auth ls`, of which the helper gives on everything but the keys. */
export const entitiesSchema = v.object({
  auth_dump: v.array(
    v.strictObject({ entity: v.string(), caps: v.record(v.string(), v.string()) }),
  ),
});
