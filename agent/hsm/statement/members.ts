/** Members of the contract about how keys were used. Imports nothing from node:. */
import * as v from "valibot";
import { count, document, type Method, text } from "../../bus/contract.ts";
import { timeSchema } from "../../bus/fields.ts";
import { tenantNameSchema } from "../../tenants/names.ts";
import { keyNameSchema } from "../keys/record.ts";

const tenant = text("tenant", tenantNameSchema, "Name of the tenant.");

/**
 * - `none`: receipts and counter say the same, or there is no counter for it.
 * - `interrupted`: uses that had begun when the agent ended, so that their outcome was not recorded.
 * - `repeated`: the driver's process ended under uses, and they were asked for once more.
 * - `failed`: uses that failed for the caller although the token may have done them.
 * - `counterLost`: the counter is lower than it was; its file was lost or set back.
 * - `unexplained`: somebody else used the key, or the record was changed.
 */
export const differenceReasons = [
  "none",
  "interrupted",
  "repeated",
  "failed",
  "counterLost",
  "unexplained",
] as const;
export type DifferenceReason = (typeof differenceReasons)[number];

export const statementRowSchema = v.object({
  key: v.string(),
  version: v.number(),
  operation: v.string(),
  /** What receipts of uses that succeeded add up to. */
  receipts: v.number(),
  /** By how much the driver's counter grew; null for what needs no private key. */
  counted: v.nullable(v.number()),
  /** Uses on record that failed. */
  failed: v.number(),
  /** Counted less receipts. */
  difference: v.number(),
  reason: v.picklist(differenceReasons),
  /** Why they differ, for people; empty where they do not. */
  sentence: v.string(),
});
export type StatementRow = v.InferOutput<typeof statementRowSchema>;

export const statementSchema = v.object({
  tenant: v.string(),
  month: v.string(),
  node: v.string(),
  at: timeSchema,
  /** First and last reading of each token that the statement lies between. */
  tokens: v.array(
    v.object({ token: v.string(), from: timeSchema, to: timeSchema, readings: v.number() }),
  ),
  rows: v.array(statementRowSchema),
  /** Uses by the node itself of keys that are none of the tenant's: to seal seeds, as an authority. */
  own: v.array(v.object({ object: v.string(), operation: v.string(), counted: v.number() })),
  /** What the statement leaves out and why, one sentence each. */
  remarks: v.array(v.string()),
  /** `agrees`, `explained` where every difference has a reason, else `unexplained`. */
  verdict: v.picklist(["agrees", "explained", "unexplained"]),
});
export type Statement = v.InferOutput<typeof statementSchema>;

export const usageSchema = v.object({
  /** One for each day, oldest first, also those without uses; days are UTC. */
  days: v.array(v.object({ day: v.string(), uses: v.record(v.string(), v.number()) })),
  /** Why today may lack something; empty else. */
  unknown: v.string(),
});
export type Usage = v.InferOutput<typeof usageSchema>;

export const statementMembers = {
  Statement: {
    description:
      "A month of a tenant's keys: what receipts in the audit log add up to, against what the driver itself counted, with a reason for each difference. Recorded.",
    in: [
      tenant,
      text(
        "month",
        v.pipe(
          v.string(),
          v.regex(/^20[0-9]{2}-(0[1-9]|1[0-2])$/, "A month is written as 2026-11."),
        ),
        "The month in UTC, for example 2026-11.",
      ),
    ],
    out: document("statement", statementSchema, "The statement."),
    action: "statement",
    recorded: true,
    tenant: "tenant",
    timeoutSeconds: 300,
  },
  Usage: {
    description: "How often a key was used on each of the last days, from readings of its counter.",
    in: [
      tenant,
      text("key", keyNameSchema, "Name of the key."),
      count(
        "days",
        v.pipe(v.number(), v.integer(), v.minValue(1), v.maxValue(92, "At most 92 days.")),
        "How many days, today included.",
      ),
    ],
    out: document("usage", usageSchema, "The days."),
    action: "read",
    tenant: "tenant",
    object: "key",
  },
} as const satisfies Record<string, Method>;
