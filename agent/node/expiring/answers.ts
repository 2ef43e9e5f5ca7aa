/** What the agent answers about what ends. Imports nothing from node:, since the pages use it too. */
import * as v from "valibot";
import { timeSchema } from "../../bus/fields.ts";

/** What ends later is not told, in days. */
export const expiringDays = 90;

export const endingKinds = [
  "authority",
  "certificate",
  "revocationList",
  "keyRotation",
  "keyEnd",
  "keyDestruction",
  "ceremony",
  "request",
  "invitation",
  "clusterCertificate",
  "firewall",
  "policy",
  "tenant",
  "volume",
  "cephFlag",
] as const;

/** Who was asked; each answers for itself, so that one that fails takes nothing from the others. */
export const endingSources = [
  "keys",
  "certificates",
  "ceremonies",
  "requests",
  "invitations",
  "clusterCertificate",
  "firewall",
  "policy",
  "tenants",
  "volumes",
  "flags",
] as const;
export type EndingSource = (typeof endingSources)[number];

/** All pages carry it, so what is said of it stands beside it and not in it. */
export const endingSchema = v.object({
  /** When it ends, or ended. */
  endsAt: timeSchema,
  kind: v.picklist(endingKinds),
  /** As its own members know it. */
  name: v.string(),
  /** Whose it is; empty for the node's or the cluster's own. */
  tenant: v.string(),
  /** Of which it is, so where it is dealt with, for example hsm. */
  subsystem: v.string(),
  /** What happens then, and what to do before, in sentences. */
  what: v.string(),
  remedy: v.string(),
  /** The command that does it, or shows what to do it with. */
  command: v.string(),
});
export type Ending = v.InferOutput<typeof endingSchema>;

export const expiringSchema = v.object({
  at: timeSchema,
  /** What ends later than so many days is left out. */
  days: v.number(),
  /** How many there are; the list has the first 200. */
  total: v.number(),
  /** The soonest first. */
  rows: v.array(endingSchema),
  /** What is not in the list, or not whole, and why. */
  missing: v.array(
    v.object({
      source: v.picklist(endingSources),
      /** `denied`: the caller may not see it. `failed`: it could not be read. */
      state: v.picklist(["denied", "failed"]),
      text: v.string(),
    }),
  ),
});
export type Expiring = v.InferOutput<typeof expiringSchema>;
