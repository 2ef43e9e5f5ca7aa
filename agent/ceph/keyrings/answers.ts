/** What the agent answers about keys of the cluster. Imports nothing from node:, since the pages use it too. */
import * as v from "valibot";
import { cursorSchema, limitSchema, lineSchema, pageOf, timeSchema } from "../../bus/fields.ts";

/**
 * Whose a key is, by its name. `daemon`: of a monitor, manager, OSD or metadata server. `bootstrap`: to
 * make keys of daemons with. `admin`: client.admin. `agent`: this agent's own. `tenant`: one that this
 * agent made for a tenant. `client`: anybody else's.
 */
export const holders = ["daemon", "bootstrap", "admin", "agent", "tenant", "client"] as const;
export type Holder = (typeof holders)[number];

/**
 * The worst that its capabilities allow. `admin`: it can make itself anything. `unclear`: some of them
 * are not understood, so that it may be anything. `tenants`: it reaches data of tenants other than the
 * one it is for. `operates`: it changes the cluster. `limited`: none of these.
 */
export const strengths = ["admin", "unclear", "tenants", "operates", "limited"] as const;
export type Strength = (typeof strengths)[number];

export const keyringRowSchema = v.object({
  /** For example client.admin, osd.3. */
  entity: v.string(),
  holder: v.picklist(holders),
  /** Whose key it is, for one that this agent made; else empty. */
  tenant: v.string(),
  strength: v.picklist(strengths),
  /** More than its name lets expect. */
  flagged: v.boolean(),
  /** What makes it as strong, one sentence each. */
  findings: v.array(v.string()),
  /** By kind of daemon: mon, mgr, osd, mds. */
  caps: v.array(
    v.object({
      daemon: v.string(),
      /** As Ceph keeps it; the first 2,000 characters. */
      text: v.string(),
      /** In words, for the first 20 grants. */
      means: v.array(v.string()),
      /** How many grants there are. */
      grants: v.number(),
    }),
  ),
  /** Names of the first 20 tenants whose data it reaches beside its own, and how many they are. */
  tenants: v.array(v.string()),
  tenantCount: v.number(),
});
export type KeyringRow = v.InferOutput<typeof keyringRowSchema>;

export const keyringFilterSchema = v.strictObject({
  /** Words that must all occur in the name, the tenant or a capability. */
  search: v.optional(lineSchema(200), ""),
  holder: v.optional(v.array(v.picklist(holders)), []),
  /** Only keys that can do more than their name lets expect. */
  flagged: v.optional(v.boolean(), false),
  sort: v.optional(v.picklist(["entity", "strength", "tenantCount"]), "strength"),
  descending: v.optional(v.boolean(), false),
  cursor: v.optional(cursorSchema, ""),
  limit: v.optional(limitSchema, 100),
});
export type KeyringFilter = v.InferOutput<typeof keyringFilterSchema>;

export const keyringsPageSchema = v.object({
  at: timeSchema,
  /** Whether the agent may read who has a key; without that, there are no rows. */
  known: v.boolean(),
  /** What could not be read, one sentence each. */
  missing: v.array(v.string()),
  /** Of all keys, by strength. */
  counts: v.object({
    admin: v.number(),
    unclear: v.number(),
    tenants: v.number(),
    operates: v.number(),
    limited: v.number(),
  }),
  /** Of all keys, those that can do more than their name lets expect. */
  flagged: v.number(),
  ...pageOf(keyringRowSchema).entries,
});
export type KeyringsPage = v.InferOutput<typeof keyringsPageSchema>;
