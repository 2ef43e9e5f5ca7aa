/** Members of the contract about pools and their rules. Imports nothing from node:. */
import { document, type Method } from "../../bus/contract.ts";
import { poolFilterSchema, poolsPageSchema, ruleFilterSchema, rulesPageSchema } from "./answers.ts";

export const poolMembers = {
  Pools: {
    description:
      "Pools with their placement rule in words, copies, placement groups, quotas and flags, the jurisdictions that the rule reaches, and what puts their data at risk.",
    in: [document("filter", poolFilterSchema, "Which pools, and in which order.")],
    out: document("pools", poolsPageSchema, "A page of pools."),
    action: "read",
  },
  Rules: {
    description:
      "Placement rules with their steps in words, which pools use each, and which OSDs and jurisdictions each could ever choose. A cluster has room for 256.",
    in: [document("filter", ruleFilterSchema, "Which rules, and in which order.")],
    out: document("rules", rulesPageSchema, "A page of rules."),
    action: "read",
  },
} as const satisfies Record<string, Method>;
