/** What the agent answers about tokens. Imports nothing from node:, since the pages use it too. */
import * as v from "valibot";
import { cursorSchema, limitSchema, lineSchema, pageOf, timeSchema } from "../../bus/fields.ts";
import { assuranceSchema } from "../drivers/answers.ts";

/**
 * `absent`: it was made and is not there, which says nothing about its keys. `uninitialized`: it is
 * there and empty. `driverDown`: nobody can ask it now. `elsewhere`: it belongs to another node.
 */
export const tokenStates = [
  "ready",
  "absent",
  "uninitialized",
  "pinWrong",
  "pinLocked",
  "driverDown",
  "elsewhere",
] as const;
export type TokenState = (typeof tokenStates)[number];

export const tokenIdSchema = v.pipe(
  v.string(),
  v.regex(
    /^[a-z][a-z0-9-]{0,30}\/[^/\p{Cc}]{1,32}$/u,
    "A token is named by its driver, a slash and its label, for example softhsm/defense.",
  ),
  v.description("A token, for example softhsm/defense"),
);

export const tokenSchema = v.object({
  /** `<driver>/<label>` */
  id: v.string(),
  driver: v.string(),
  label: v.string(),
  /** Empty for the node's own tokens and for those that nobody declared. */
  tenant: v.string(),
  region: v.string(),
  state: v.picklist(tokenStates),
  assurance: assuranceSchema,
  /** As the token says; of one that is away, as it was when it was made. */
  serial: v.string(),
  manufacturer: v.string(),
  model: v.string(),
  firmware: v.string(),
  /** Keys that are not destroyed; null until they were read. */
  keys: v.nullable(v.number()),
  /** In bytes; null where the token does not say. */
  freeBytes: v.nullable(v.number()),
  createdAt: v.union([timeSchema, v.literal("")]),
  createdBy: v.string(),
  node: v.pipe(v.string(), v.description("Node that made it")),
  /** What is wrong and what to do, one sentence each. */
  troubles: v.array(v.string()),
});
export type TokenRow = v.InferOutput<typeof tokenSchema>;

export const tokenSortKeys = ["id", "tenant", "region", "state", "keys", "createdAt"] as const;

export const tokenFilterSchema = v.strictObject({
  /** Words that must all occur in id, tenant, region or serial. */
  search: v.optional(lineSchema(200), ""),
  tenant: v.optional(v.string(), ""),
  driver: v.optional(v.string(), ""),
  region: v.optional(v.string(), ""),
  state: v.optional(v.array(v.picklist(tokenStates)), []),
  /** Only tokens with which something is wrong. */
  troubled: v.optional(v.boolean(), false),
  sort: v.optional(v.picklist(tokenSortKeys), "id"),
  descending: v.optional(v.boolean(), false),
  cursor: v.optional(cursorSchema, ""),
  limit: v.optional(limitSchema, 100),
});
export type TokenFilter = v.InferOutput<typeof tokenFilterSchema>;

export const tokenPageSchema = pageOf(tokenSchema);
export type TokenPage = v.InferOutput<typeof tokenPageSchema>;
