/** What the agent answers about drills. Imports nothing from node:, since the pages use it too. */
import * as v from "valibot";
import {
  cursorSchema,
  identifierSchema,
  limitSchema,
  lineSchema,
  timeSchema,
} from "../../bus/fields.ts";

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

export const shortestSeconds = 5;
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
      v.minValue(shortestSeconds, `Keep it away for at least ${shortestSeconds} seconds.`),
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

/** Upper ends of the histogram's bars, in milliseconds; what is aimed at is the end of one. */
export const barEnds = [100, 250, 500, 1000, 2000, 4200, 6000, 10_000, 30_000] as const;

/**
 * What 95 of 100 drills are to keep, in milliseconds. Any node answers pages, also the one that is away;
 * that one writes nothing while it is.
 *
 * @returns null where nothing is aimed at
 */
export function aimOf(service: ServiceClass, where: "away" | "others"): number | null {
  if (service === "pages") return 1000;
  return service === "writes" && where === "others" ? 4200 : null;
}

export const drillFilterSchema = v.strictObject({
  text: v.optional(
    v.pipe(
      lineSchema(200),
      v.description("Only drills with this in their kind, reason, person, nodes, error or id"),
    ),
    "",
  ),
  cursor: v.optional(cursorSchema, ""),
  limit: v.optional(limitSchema, 50),
});
export type DrillFilter = v.InferOutput<typeof drillFilterSchema>;

const runningSchema = v.object({
  node: described(v.string(), "The node that goes away."),
  kind: v.picklist(drillKinds),
  at: described(timeSchema, "When it was announced to the others."),
  seconds: described(v.number(), "How long it stays away."),
  until: described(timeSchema, "When it is brought back at the latest."),
  job: described(v.string(), "Id of the job; empty for a drill of another node."),
});

const windowSchema = v.object({
  open: v.boolean(),
  declared: described(v.boolean(), "Whether there is any."),
  until: described(v.nullable(timeSchema), "When the open one ends; null where none is open."),
  text: described(v.string(), "When drills may be held, or what to do where none is declared."),
});

export const drillsSchema = v.object({
  at: timeSchema,
  node: described(v.string(), "This node’s name in the cluster; empty where it is in none."),
  nodes: described(v.array(v.string()), "All nodes of the cluster."),
  window: windowSchema,
  running: described(v.nullable(runningSchema), "The drill under way, here or elsewhere."),
  obstacle: described(
    v.string(),
    "Why no drill of this node can be held now; empty where one can.",
  ),
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
      aimMs: described(
        v.nullable(v.number()),
        "What p95 is to keep; null where nothing is aimed at.",
      ),
      bars: described(
        v.array(v.object({ upToMs: v.nullable(v.number()), drills: v.number() })),
        "How many drills had their longest gap up to here; the last bar has no end.",
      ),
    }),
  ),
  filed: described(v.number(), "How many drills of this node are on record, 1,000 at most."),
  total: described(v.number(), "How many of them fit the filter."),
  next: cursorSchema,
  drills: described(
    v.array(v.object({ sequence: v.number(), ...drillRecordSchema.entries })),
    "Those of this node on record, newest first, with the event of each.",
  ),
});
export type Drills = v.InferOutput<typeof drillsSchema>;
