/** What the agent answers about labels. Imports nothing from node:, see ../answers.ts. */
import * as v from "valibot";
import { cursorSchema, limitSchema, lineSchema, timeSchema } from "../../bus/fields.ts";

/** A path as people and reports name it. */
export const pathSchema = v.pipe(
  v.string(),
  v.maxLength(4096, "A path has at most 4096 characters."),
  v.check(
    (path) =>
      path.isWellFormed() &&
      path.startsWith("/") &&
      !path.includes("\0") &&
      !path
        .slice(1)
        .split("/")
        .some((part) => ["", ".", ".."].includes(part)),
    "A path begins with a slash and has no empty, . or .. part.",
  ),
);

/**
 * `never`: nothing was looked at yet. `right`: all that was looked at has its label. `wrong`:
 * something has not. `unknown`: nothing is wrong and something could not be found out. `failed`: the
 * check broke off.
 */
export const labelStates = ["never", "right", "wrong", "unknown", "failed"] as const;

export const labelFilterSchema = v.strictObject({
  text: v.optional(
    v.pipe(lineSchema(200), v.description("Only files with this in path or type")),
    "",
  ),
  cursor: v.optional(cursorSchema, ""),
  limit: v.optional(limitSchema, 100),
});

const tally = v.object({ checked: v.number(), wrong: v.number(), unknown: v.number() });

/** A process that does not run in the domain of the tenant that it belongs to. */
export const wrongProcessSchema = v.object({
  pid: v.number(),
  command: v.pipe(v.string(), v.description("Name of its program, which it can choose")),
  label: v.string(),
  expected: v.pipe(v.string(), v.description("Type or types that it should have")),
  tenant: v.pipe(v.string(), v.description("Whose instance it belongs to; empty for the host")),
  instance: v.string(),
});

export const mislabelledSchema = v.object({
  path: v.string(),
  kind: v.picklist(["dir", "chr", "blk", "sock", "fifo", "lnk", "reg"]),
  found: v.pipe(v.string(), v.description("Empty where it has no label")),
  restored: v.pipe(v.string(), v.description("The context that Restore would set")),
  slot: v.pipe(v.nullable(v.number()), v.description("Of the tenant in whose pool it lies")),
});

export const labelReportSchema = v.object({
  state: v.picklist(labelStates),
  at: v.union([timeSchema, v.literal("")]),
  /** Who asked; `agent` for those that it does by itself. */
  actor: v.string(),
  seconds: v.number(),
  error: v.pipe(v.string(), v.description("Why it broke off; empty else")),
  seed: v.pipe(v.string(), v.description("What the sample was drawn with")),
  policy: v.pipe(v.string(), v.description("Directory with the file_contexts that it goes by")),
  processes: v.object({
    ...tally.entries,
    tenants: v.pipe(v.number(), v.description("Those of tenants' instances")),
    /** An alarm each; the first ones. */
    list: v.array(wrongProcessSchema),
  }),
  files: v.object({
    ...tally.entries,
    customized: v.pipe(v.number(), v.description("Of types that may be given on purpose")),
    /** The first ones of every place are kept; `wrong` counts all. */
    kept: v.number(),
    matching: v.pipe(
      v.number(),
      v.description("Of the kept ones, those that the filter lets pass"),
    ),
    rows: v.array(mislabelledSchema),
    next: cursorSchema,
  }),
  /** What was looked at, and how much of it. */
  places: v.array(
    v.object({
      path: v.string(),
      slot: v.nullable(v.number()),
      ...tally.entries,
      whole: v.pipe(v.boolean(), v.description("Every file, instead of a sample")),
    }),
  ),
  /** What could not be found out, those with one reason together. */
  unknown: v.array(v.object({ reason: v.string(), count: v.number(), example: v.string() })),
});

export type LabelFilter = v.InferOutput<typeof labelFilterSchema>;
export type LabelReportPage = v.InferOutput<typeof labelReportSchema>;
export type WrongProcess = v.InferOutput<typeof wrongProcessSchema>;
export type MislabelledFile = v.InferOutput<typeof mislabelledSchema>;
