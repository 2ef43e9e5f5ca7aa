/** What the agent answers about drills. Imports nothing from node:, since the pages use it too. */
import * as v from "valibot";
import { identifierSchema, lineSchema, timeSchema } from "../../bus/fields.ts";

const described = <T>(schema: v.GenericSchema<unknown, T>, description: string) =>
  v.pipe(schema, v.description(description));

/**
 * `kill`: Incus on the node is killed, as by a fault, and kept away; where it led the cluster's database,
 * another has to be chosen. `stop`: it is stopped as for planned work, and hands over what it leads.
 * `offline`: the node's packets go to members of the cluster and nowhere else.
 */
export const drillKinds = ["kill", "stop", "offline"] as const;
export type DrillKind = (typeof drillKinds)[number];

/**
 * `writes`: changes of the control plane, by one of the member's own keys. `pages`: what an agent answers
 * to the page of the cluster. `instances`: the processes of instances that ran on the node. `storage`: an
 * answer of Ceph that takes a quorum. `keys`: random bytes of a token.
 */
export const serviceClasses = ["writes", "pages", "instances", "storage", "keys"] as const;
export type ServiceClass = (typeof serviceClasses)[number];

/** Longest a node is kept away, in seconds; the unit that brings it back has 180. */
export const longestSeconds = 120;

export const drillSpecSchema = v.strictObject({
  kind: described(
    v.picklist(drillKinds),
    "What goes away: kill ends Incus as a fault would, stop as planned work would, offline cuts the node from all but the cluster",
  ),
  seconds: v.optional(
    v.pipe(
      v.number(),
      v.integer(),
      v.minValue(5, "Keep it away for at least 5 seconds."),
      v.maxValue(longestSeconds, `Keep it away for ${longestSeconds} seconds at most.`),
      v.description("How long it stays away"),
    ),
    30,
  ),
  reason: described(
    v.pipe(lineSchema(300), v.minLength(1, "Say why.")),
    "Why it is done now, for the record",
  ),
});
export type DrillSpec = v.InferOutput<typeof drillSpecSchema>;

/** No drill lasts an hour. */
const gapSchema = v.nullable(
  v.pipe(v.number(), v.safeInteger(), v.minValue(0), v.maxValue(3_600_000)),
);

/** The longest time between two answers in milliseconds; null where nobody could ask. */
export const gapsSchema = v.object({
  writes: gapSchema,
  pages: gapSchema,
  instances: gapSchema,
  storage: gapSchema,
  keys: gapSchema,
});
export type Gaps = v.InferOutput<typeof gapsSchema>;

export const drillRecordSchema = v.object({
  id: identifierSchema,
  kind: v.picklist(drillKinds),
  node: described(v.string(), "The node that went away."),
  leader: described(v.boolean(), "Whether it led the database of Incus."),
  by: v.string(),
  reason: v.string(),
  seconds: described(v.number(), "How long it was to stay away."),
  at: timeSchema,
  back: described(v.boolean(), "Whether it came back by itself or the agent's hand."),
  error: described(v.string(), "What went otherwise than planned; empty where nothing did."),
  nodes: described(
    v.array(v.object({ node: v.string(), ...gapsSchema.entries })),
    "The longest time between two answers at each node, in milliseconds; null where nobody could ask.",
  ),
  missing: described(v.array(v.string()), "Members that told of nothing."),
});
export type DrillRecord = v.InferOutput<typeof drillRecordSchema>;

/** Upper ends of the histogram's bars, in milliseconds; 1 s and 4.2 s are what is aimed at. */
export const barEnds = [100, 250, 500, 1000, 2000, 4200, 6000, 10_000, 30_000] as const;

export const drillsSchema = v.object({
  at: timeSchema,
  window: v.object({
    open: v.boolean(),
    text: described(v.string(), "When drills may be held."),
  }),
  running: described(v.string(), "What is under way, here or elsewhere; empty where nothing is."),
  histogram: v.array(
    v.object({
      kind: v.picklist(drillKinds),
      service: v.picklist(serviceClasses),
      where: described(
        v.picklist(["away", "others"]),
        "On the node that went away, or the worst of all others.",
      ),
      drills: v.number(),
      p50Ms: v.number(),
      p95Ms: v.number(),
      longestMs: v.number(),
      bars: described(
        v.array(v.object({ upToMs: v.nullable(v.number()), drills: v.number() })),
        "How many drills had their longest gap up to here; the last bar has no end.",
      ),
    }),
  ),
  drills: described(
    v.array(v.object({ sequence: v.number(), ...drillRecordSchema.entries })),
    "Those of this node on record, newest first, with the event of each.",
  ),
});
export type Drills = v.InferOutput<typeof drillsSchema>;
