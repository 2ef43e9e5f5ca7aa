/** What the agent answers about recovery and scrubs. Imports nothing from node:, since the pages use it too. */
import * as v from "valibot";
import { timeSchema } from "../../bus/fields.ts";

const moving = {
  /** Copies that are missing, that are not where they should be, and objects that nobody has. */
  degraded: v.number(),
  misplaced: v.number(),
  unfound: v.number(),
  kibPerSecond: v.number(),
  objectsPerSecond: v.number(),
};

export const progressSchema = v.object({
  at: timeSchema,
  groups: v.object({
    total: v.number(),
    clean: v.number(),
    /** Most first. */
    states: v.array(v.object({ state: v.string(), count: v.number(), clean: v.boolean() })),
  }),
  ...moving,
  /** All copies that there should be. */
  copies: v.number(),
  /** At the present pace; null where nothing moves. */
  secondsLeft: v.nullable(v.number()),
  /** What runs, as the manager follows it. */
  events: v.array(
    v.object({
      id: v.string(),
      what: v.string(),
      percent: v.number(),
      startedAt: timeSchema,
      /** Null where the manager cannot tell yet. */
      secondsLeft: v.nullable(v.number()),
    }),
  ),
  /** The 20 that ended last. */
  ended: v.array(
    v.object({
      id: v.string(),
      what: v.string(),
      startedAt: timeSchema,
      endedAt: timeSchema,
      failed: v.boolean(),
      why: v.string(),
    }),
  ),
  /** Pools of which something is missing or moves. */
  pools: v.array(v.object({ name: v.string(), ...moving })),
  scrub: v.object({
    running: v.number(),
    deep: v.number(),
    /** Placement groups that were not scrubbed in time, and not deeply in time. */
    late: v.number(),
    deepLate: v.number(),
    /** The first 50 of them: since when. */
    overdue: v.array(v.object({ pg: v.string(), deep: v.boolean(), since: v.string() })),
  }),
  /** Flags that hold recovery or scrubs up, and what each means. */
  held: v.array(v.object({ flag: v.string(), means: v.string() })),
  versions: v.array(
    v.object({
      version: v.string(),
      daemons: v.number(),
      /** False of a release that this agent was never tried with. */
      tried: v.boolean(),
      /** Names of the first 50, where it is not the newest of those that run. */
      names: v.array(v.string()),
    }),
  ),
  /** What could not be read, one sentence each. */
  missing: v.array(v.string()),
});
export type Progress = v.InferOutput<typeof progressSchema>;
