/** What the agent answers about snapshots of WORM file volumes. Imports nothing from node:. */
import * as v from "valibot";
import { timeSchema } from "../../../bus/fields.ts";

export const snapshotSchema = v.object({
  name: v.string(),
  at: timeSchema,
  /** Until then it is kept, whatever is declared later. */
  until: timeSchema,
  /** Whether somebody asked for it; the schedule took the others. */
  asked: v.boolean(),
});
export type SnapshotRow = v.InferOutput<typeof snapshotSchema>;

export const snapshotsSchema = v.object({
  /** Hours between two of the schedule; none is taken while nothing is in the volume. */
  every: v.number(),
  /** Days that each is kept. */
  retention: v.number(),
  /** How many were gone before their time. */
  lost: v.number(),
  /** The newest first. */
  rows: v.array(snapshotSchema),
  /** Command that brings a file back; FILE and DIRECTORY, where it is mounted, are for who runs it. */
  restore: v.string(),
});
export type Snapshots = v.InferOutput<typeof snapshotsSchema>;
