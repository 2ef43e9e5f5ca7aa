/** What held at an instant, and what changed. Imports nothing from node:, since pages use it too. */
import * as v from "valibot";
import { cursorSchema, timeSchema } from "../../bus/fields.ts";
import { auditEntrySchema } from "../entry.ts";

const described = <T>(schema: v.GenericSchema<unknown, T>, description: string) =>
  v.pipe(schema, v.description(description));

const stateSchema = v.record(v.string(), v.unknown());

export const replayedObjectSchema = v.object({
  kind: v.picklist(["tenant", "permission", "policy", "key"]),
  name: described(v.string(), "For example a tenant, a group, a file or a key."),
  state: described(stateSchema, "What was known of it."),
  sequence: described(v.number(), "Entry that tells it."),
  time: described(timeSchema, "When that was recorded."),
});

export const replaySchema = v.object({
  at: described(timeSchema, "The instant."),
  known: described(
    v.boolean(),
    "False when the instant lies before the first whole record of the state; nothing is told then.",
  ),
  since: described(
    v.union([v.literal(""), timeSchema]),
    "When the whole state was last recorded before the instant.",
  ),
  objects: described(v.array(replayedObjectSchema), "By kind and name."),
});

export type Replay = v.InferOutput<typeof replaySchema>;

export const changeSchema = v.object({
  entry: auditEntrySchema,
  changed: described(
    v.array(
      v.object({
        path: described(v.string(), "Where in the state, for example quota/cpu."),
        before: described(v.unknown(), "Null where it was not there."),
        after: described(v.unknown(), "Null where it is gone."),
      }),
    ),
    "What it changed; empty for an act, whose effect is told by the changes that follow.",
  ),
  cause: described(
    v.nullable(v.number()),
    "Sequence of the act that the change followed; null where none is known: somebody did it elsewhere.",
  ),
});

export type Change = v.InferOutput<typeof changeSchema>;

export const changesSchema = v.object({
  rows: described(v.array(changeSchema), "Newest first."),
  next: described(cursorSchema, "Cursor for what is older; empty when nothing is."),
});

export type Changes = v.InferOutput<typeof changesSchema>;
