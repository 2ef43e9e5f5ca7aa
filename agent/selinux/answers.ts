/** What the agent answers about SELinux. Imports nothing from node:, since the pages use it too. */
import * as v from "valibot";
import { timeSchema } from "../bus/fields.ts";
import { originSchema } from "./loads/answers.ts";

const verdicts = ["good", "warning", "bad", "unknown"] as const;

export const modeFactSchema = v.object({
  id: v.string(),
  title: v.string(),
  verdict: v.picklist(verdicts),
  fact: v.pipe(v.string(), v.description("What was found, in words")),
  remedy: v.optional(
    v.pipe(v.string(), v.description("What to do, where something is to be done")),
  ),
  command: v.pipe(v.string(), v.description("What a sceptic runs")),
});

const ruleSchema = v.object({
  source: v.string(),
  target: v.string(),
  class: v.string(),
  permissions: v.array(v.string()),
  condition: v.optional(v.object({ text: v.string(), whenTrue: v.boolean(), active: v.boolean() })),
  sourceAttribute: v.optional(v.string()),
  targetAttribute: v.optional(v.string()),
});

export const violationSchema = v.object({
  kind: v.string(),
  tenants: v.pipe(v.array(v.string()), v.description("Names of slots, for example tenant0007")),
  /** Names of the tenants that have these slots now, in their order; empty where nobody has one. */
  holders: v.optional(v.array(v.string())),
  sentence: v.string(),
  path: v.optional(v.array(v.object({ from: v.string(), to: v.string(), rule: ruleSchema }))),
});

/** `never`: nothing was proved yet. `failed`: the policy could not be read or the proof broke off. */
export const proofStates = ["proved", "refuted", "failed", "never"] as const;

export const proofSchema = v.object({
  state: v.picklist(proofStates),
  at: v.union([timeSchema, v.literal("")]),
  /** Who asked; `agent` for those that it does by itself. */
  actor: v.string(),
  seconds: v.number(),
  error: v.pipe(v.string(), v.description("Why it failed; empty else")),
  policy: v.nullable(
    v.object({
      sha256: v.string(),
      version: v.number(),
      size: v.pipe(v.number(), v.description("In bytes")),
      unknown: v.picklist(["deny", "reject", "allow"]),
    }),
  ),
  counts: v.nullable(
    v.object({
      tenants: v.pipe(v.number(), v.description("With spare slots")),
      tenantTypes: v.number(),
      types: v.number(),
      attributes: v.number(),
      typeIds: v.pipe(v.number(), v.description("Of 65,535 that the kernel has")),
      allowRules: v.number(),
      conditionalRules: v.number(),
      typeRules: v.number(),
    }),
  ),
  trustedBase: v.array(v.string()),
  shared: v.array(v.string()),
  permissive: v.array(v.string()),
  violations: v.pipe(v.array(violationSchema), v.description("The first ones")),
  total: v.number(),
});

export const selinuxStatusSchema = v.object({
  at: timeSchema,
  mode: v.array(modeFactSchema),
  proof: proofSchema,
  /** Whether the proof is about the policy that is loaded now; null where none is loaded. */
  current: v.nullable(v.boolean()),
  /** Where the loaded policy comes from. */
  loaded: v.optional(originSchema),
});

export const explanationSchema = v.object({
  source: v.string(),
  target: v.string(),
  class: v.string(),
  /** Names of the tenants whose types these are now. */
  sourceTenant: v.optional(v.string()),
  targetTenant: v.optional(v.string()),
  verdict: v.picklist(["allowed", "boolean", "permissive", "refused"]),
  allowed: v.array(v.string()),
  possible: v.array(v.string()),
  rules: v.array(ruleSchema),
  constraints: v.array(
    v.object({
      permissions: v.array(v.string()),
      expression: v.string(),
      effect: v.picklist(["refuses", "depends"]),
    }),
  ),
  changes: v.array(
    v.object({
      rule: v.string(),
      newType: v.string(),
      condition: v.optional(ruleSchema.entries.condition.wrapped),
    }),
  ),
});

export type Proof = v.InferOutput<typeof proofSchema>;
export type SelinuxStatus = v.InferOutput<typeof selinuxStatusSchema>;
