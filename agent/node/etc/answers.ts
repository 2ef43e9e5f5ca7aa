/** What is answered about changes of /etc. Imports nothing from node:. */
import * as v from "valibot";
import { timeSchema } from "../../bus/fields.ts";

const lineSchema = v.pipe(v.string(), v.maxLength(300));

export const etcHistorySchema = v.object({
  /** False where /etc is under no version control. */
  tracked: v.boolean(),
  /** True where etckeeper commits what apt changes, and every day. */
  keeper: v.boolean(),
  /** Not on record yet: what happened to which file. */
  open: v.array(
    v.object({
      change: v.picklist(["added", "changed", "deleted", "conflict"]),
      path: lineSchema,
    }),
  ),
  /** How many there are in all; at most 200 are told. */
  openTotal: v.number(),
  /** Newest first, fifty at most. */
  commits: v.array(
    v.object({
      hash: v.string(),
      at: timeSchema,
      /** As the commit says; whoever has root can write anything there. */
      author: lineSchema,
      subject: lineSchema,
      /** Names of files, twenty at most; never what is in them. */
      paths: v.array(lineSchema),
      pathsTotal: v.number(),
    }),
  ),
});
export type EtcHistory = v.InferOutput<typeof etcHistorySchema>;
