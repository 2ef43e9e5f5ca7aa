/** Denials as the agent tells them. Imports nothing from node:, since the pages use it too. */
import * as v from "valibot";
import { cursorSchema, limitSchema, lineSchema, timeSchema } from "../../bus/fields.ts";

export const denialFilterSchema = v.strictObject({
  text: v.optional(
    v.pipe(
      lineSchema(200),
      v.minLength(1),
      v.description("Only those with this text in a type, class, permission or path"),
    ),
  ),
  cursor: v.optional(cursorSchema, ""),
  limit: v.optional(limitSchema, 100),
});

const names = v.array(v.string());

const restore = v.object({
  kind: v.literal("restore"),
  files: v.array(
    v.object({
      path: v.string(),
      found: v.optional(v.string()),
      restored: v.pipe(v.string(), v.description("The context that restorecon would set")),
    }),
  ),
});

const boolean = v.object({
  kind: v.literal("boolean"),
  choices: v.array(
    v.object({
      condition: v.string(),
      becomes: v.boolean(),
      set: v.optional(v.object({ name: v.string(), value: v.boolean() })),
      opens: v.object({ rules: v.number(), pairs: v.number(), examples: names }),
    }),
  ),
});

const port = v.object({
  kind: v.literal("port"),
  choices: v.array(
    v.object({ type: v.string(), ports: names, cil: v.string(), domains: v.number() }),
  ),
});

const rule = v.object({
  kind: v.literal("rule"),
  cil: v.pipe(v.string(), v.description("A draft, to be put through both proofs")),
  place: v.picklist(["tenants", "host"]),
  opens: v.object({
    attributes: names,
    sources: names,
    targets: names,
    sourceCount: v.number(),
    targetCount: v.number(),
    text: v.pipe(v.string(), v.description("What it would open, in a sentence")),
  }),
});

export const denialSchema = v.object({
  key: v.string(),
  by: v.picklist(["kernel", "program"]),
  decision: v.picklist(["denied", "granted"]),
  sourceType: v.string(),
  targetType: v.string(),
  class: v.string(),
  permissions: names,
  /** Slots of tenants; left out for types of the host. */
  sourceSlot: v.optional(v.number()),
  targetSlot: v.optional(v.number()),
  /** Names of the tenants that have these slots now; left out for a slot that nobody has. */
  sourceTenant: v.optional(v.string()),
  targetTenant: v.optional(v.string()),
  count: v.number(),
  passed: v.pipe(v.number(), v.description("Let pass, in permissive mode")),
  first: timeSchema,
  last: timeSchema,
  source: v.pipe(v.string(), v.description("Whole context of one of the newest")),
  target: v.string(),
  details: v.record(v.string(), v.union([v.string(), v.number(), v.boolean()])),
  paths: names,
  ports: v.array(v.number()),
  explanation: v.nullable(
    v.object({
      cause: v.picklist([
        ...(["isolation", "instance", "label", "boolean", "constraint"] as const),
        ...(["port", "rule", "allowed", "unknown"] as const),
      ]),
      text: v.string(),
      alarm: v.pipe(v.boolean(), v.description("Somebody tried what must never work")),
      fix: v.optional(v.variant("kind", [restore, boolean, port, rule])),
    }),
  ),
});

export const denialPageSchema = v.object({
  rows: v.array(denialSchema),
  next: cursorSchema,
  since: v.pipe(timeSchema, v.description("Since when they are counted: the agent's start")),
  /** What had to go for newer ones. */
  dropped: v.object({ groups: v.number(), denials: v.number() }),
  unreadable: v.pipe(v.number(), v.description("Records that say something else than they should")),
});

export type DenialFilter = v.InferOutput<typeof denialFilterSchema>;
export type DenialPage = v.InferOutput<typeof denialPageSchema>;
