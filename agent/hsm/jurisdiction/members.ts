/** Members of the contract about where a tenant's keys may be. Imports nothing from node:. */
import * as v from "valibot";
import { document, type Method, text } from "../../bus/contract.ts";
import { timeSchema } from "../../bus/fields.ts";
import { tenantNameSchema } from "../../tenants/names.ts";
import { regionSchema } from "../algorithms.ts";
import { acts, decisionSchema } from "./decide.ts";
import { rulesSchema } from "./rules.ts";

const tenant = text("tenant", tenantNameSchema, "Name of the tenant.");

export const rulesAnswerSchema = v.object({
  tenant: v.string(),
  /** Of the tenant's record; holds where no rules were set. */
  jurisdiction: v.string(),
  /** Where this node is. */
  nodeRegion: v.string(),
  rules: rulesSchema,
  /** Absent while nobody set rules. */
  set: v.optional(v.object({ at: timeSchema, by: v.string() })),
  /** Keys that live where the rules do not let them; they are not moved, and cannot be used. */
  breaking: v.array(v.object({ key: v.string(), region: v.string(), sentence: v.string() })),
  /** Why keys could not be looked at; empty where all were. */
  unknown: v.string(),
});
export type RulesAnswer = v.InferOutput<typeof rulesAnswerSchema>;

export const questionSchema = v.strictObject({
  act: v.pipe(v.picklist(acts), v.description("What is to be done")),
  token: v.pipe(regionSchema, v.description("Region of the token, for example UK")),
  key: v.optional(
    v.pipe(regionSchema, v.description("Region where the key was made; the token's unless told")),
  ),
  node: v.optional(v.pipe(regionSchema, v.description("Region of the node; this node's if unset"))),
  recipient: v.optional(
    v.pipe(regionSchema, v.description("Region of who is to get it; only for a transfer")),
  ),
});
export type AskedQuestion = v.InferOutput<typeof questionSchema>;

export const jurisdictionMembers = {
  Rules: {
    description: "Where a tenant's keys may live and be used, and which keys break that.",
    in: [tenant],
    out: document("rules", rulesAnswerSchema, "The rules that hold."),
    action: "read",
    tenant: "tenant",
  },
  SetRules: {
    description:
      "Set where a tenant's keys may live and be used. No key is moved; those that break the new rules are named and cannot be used.",
    in: [tenant, document("rules", rulesSchema, "The rules, which replace those before.")],
    out: document("result", rulesAnswerSchema, "The rules that hold now."),
    action: "rules",
    changes: true,
    approvals: 1,
    tenant: "tenant",
  },
  Decide: {
    description: "Whether the rules would allow an act, and by which row of the table.",
    in: [tenant, document("case", questionSchema, "What is to be done where.")],
    out: document("decision", decisionSchema, "What the table says."),
    action: "read",
    tenant: "tenant",
  },
} as const satisfies Record<string, Method>;
