/** What the agent answers about pools and their rules. Imports nothing from node:, since the pages use it too. */
import * as v from "valibot";
import { cursorSchema, limitSchema, lineSchema, pageOf, timeSchema } from "../../bus/fields.ts";
import { poolSchema } from "../capacity/answers.ts";
import { verdicts } from "../residency/verdict.ts";

/** A cluster takes no more placement rules than these (CRUSH_MAX_RULES of Ceph's crush/crush.h). */
export const mostRules = 256;

/** Where data may come to lie by a rule, whatever fails: by the CRUSH map and the signed map of jurisdictions. */
const reach = {
  /** In alphabetical order; empty where none is known. */
  jurisdictions: v.array(v.string()),
  /** Whether these are all: nothing in the rule or above its OSDs is not understood or without one. */
  certain: v.boolean(),
};

/** `undemanded`: nobody said where it may be. `never`: nothing was proved, or it is another cluster's. */
export const poolVerdicts = [...verdicts, "undemanded", "never"] as const;

export const poolDetailSchema = v.object({
  ...poolSchema.entries,
  ...reach,
  /** What its rule does, one step after the other. */
  steps: v.array(v.string()),
  /** `on`, `warn`, `off`; empty where Ceph does not tell. */
  autoscale: v.string(),
  /** Placement groups that it is on its way to. */
  pgsTarget: v.number(),
  /** What Ceph's own reckoning would have; null where it does not tell. */
  pgsAdvised: v.nullable(v.number()),
  /** 0 where it has none. */
  quotaObjects: v.number(),
  /** As Ceph names them, such as hashpspool, nodelete. */
  flags: v.array(v.string()),
  /** By the newest proof. */
  verdict: v.picklist(poolVerdicts),
  /** Where it must stay; empty where nobody said. */
  allowed: v.array(v.string()),
  /** What puts its data at risk and what to do, one sentence each. */
  troubles: v.array(v.string()),
});
export type PoolDetail = v.InferOutput<typeof poolDetailSchema>;

const paging = {
  descending: v.optional(v.boolean(), false),
  cursor: v.optional(cursorSchema, ""),
  limit: v.optional(limitSchema, 100),
};

export const poolFilterSchema = v.strictObject({
  /** Words that must all occur in the name, rule, an application, a flag or a jurisdiction. */
  search: v.optional(lineSchema(200), ""),
  /** Only those of which something is to be said. */
  troubled: v.optional(v.boolean(), false),
  sort: v.optional(v.picklist(["name", "pgs", "usedKiB", "objects"]), "name"),
  ...paging,
});
export type PoolFilter = v.InferOutput<typeof poolFilterSchema>;

const asked = {
  at: timeSchema,
  /** What could not be read, so that something is missing; one sentence each. */
  missing: v.array(v.string()),
};

export const poolsPageSchema = v.object({ ...asked, ...pageOf(poolDetailSchema).entries });
export type PoolsPage = v.InferOutput<typeof poolsPageSchema>;

export const ruleRowSchema = v.object({
  ...reach,
  id: v.number(),
  name: v.string(),
  kind: v.picklist(["replicated", "erasure", "unknown"]),
  steps: v.array(v.string()),
  /** What of it is not understood, one sentence each. */
  problems: v.array(v.string()),
  /** OSDs that it could ever choose. */
  osds: v.number(),
  /** Names of the first 100 pools that use it, and how many there are. */
  pools: v.array(v.string()),
  poolCount: v.number(),
});
export type RuleRow = v.InferOutput<typeof ruleRowSchema>;

export const ruleFilterSchema = v.strictObject({
  /** Words that must all occur in the name, a step, a pool or a jurisdiction. */
  search: v.optional(lineSchema(200), ""),
  /** Only those that no pool uses. */
  unused: v.optional(v.boolean(), false),
  sort: v.optional(v.picklist(["id", "name", "osds", "poolCount"]), "name"),
  ...paging,
});
export type RuleFilter = v.InferOutput<typeof ruleFilterSchema>;

export const rulesPageSchema = v.object({
  ...asked,
  ...pageOf(ruleRowSchema).entries,
  /** How many rules there are, how many of them no pool uses, and how many there can be. */
  count: v.number(),
  unused: v.number(),
  most: v.number(),
});
export type RulesPage = v.InferOutput<typeof rulesPageSchema>;
