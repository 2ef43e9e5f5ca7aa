/** What the agent answers about what changed. Imports nothing from node:, since the pages use it too. */
import * as v from "valibot";
import { cursorSchema, limitSchema, lineSchema, timeSchema } from "../../bus/fields.ts";

const described = <T>(schema: v.GenericSchema<unknown, T>, description: string) =>
  v.pipe(schema, v.description(description));

/** So many are kept, of all nodes together. */
export const mostChanges = 500;
/** So far the figures go back. */
export const trendMinutes = 60;

/**
 * `member`: it came into the cluster, or left it. `presence`: whether it is heard of. `incus`: how Incus
 * has the member. `log`: what this node finds of its audit log. `clock`: whether it goes right.
 * `flag`: something that weakens it. `boot`, `agent`: when the machine and its agent started.
 */
export const changeKinds = [
  ...["member", "presence", "incus", "log", "clock", "health", "flag", "version"],
  ...["policy", "proof", "keys", "alarms", "boot", "agent"],
] as const;
export type ChangeKind = (typeof changeKinds)[number];

export const historyFilterSchema = v.strictObject({
  node: v.optional(v.pipe(lineSchema(63), v.description("Only of the node of this name")), ""),
  cursor: v.optional(cursorSchema, ""),
  limit: v.optional(limitSchema, 50),
});
export type HistoryFilter = v.InferOutput<typeof historyFilterSchema>;

const changeSchema = v.object({
  sequence: v.number(),
  at: described(timeSchema, "When this node found it, by its own clock."),
  node: v.string(),
  what: v.picklist(changeKinds),
  of: described(
    v.string(),
    "Which one: a subsystem, a program, a weakness; empty for the only one.",
  ),
  before: v.string(),
  after: described(v.string(), "What it is now; empty where it is not there."),
  times: described(
    v.number(),
    "How often it changed in a row, with less than ten minutes between.",
  ),
  since: described(timeSchema, "When it did so first."),
});
export type Change = v.InferOutput<typeof changeSchema>;

/** A minute each in percent, the oldest first; null where it was not heard of. */
const figuresSchema = v.array(v.nullable(v.number()));

const trendSchema = v.object({
  node: v.string(),
  cpu: figuresSchema,
  memory: figuresSchema,
  disk: described(figuresSchema, "Of the file system that is fullest."),
});
export type Trend = v.InferOutput<typeof trendSchema>;

export const historySchema = v.object({
  at: timeSchema,
  node: described(v.string(), "Name of the node that answers."),
  since: described(timeSchema, "Since when it looks: its agent keeps none of this over a restart."),
  nodes: described(v.array(v.string()), "Of which there is something to tell."),
  forgotten: described(v.number(), "Older changes for which there was no room."),
  total: described(v.number(), "How many changes fit the filter."),
  next: cursorSchema,
  changes: described(v.array(changeSchema), "The newest first."),
  trends: described(v.array(trendSchema), "The last hour of every node, in percent a minute."),
});
export type HistoryAnswer = v.InferOutput<typeof historySchema>;
