/**
 * What goes on record of every use of a key, in the details of its outcome as `receipt`, and the
 * readings of the driver's own counters that receipts are held against. Between two readings of a
 * token the receipts that name the first must add up to what its counters grew by.
 * Imports nothing from node:.
 */
import * as v from "valibot";
import { timeSchema } from "../../bus/fields.ts";

export const receiptSchema = v.object({
  key: v.string(),
  version: v.number(),
  /** What the driver was asked for: sign, encrypt, decrypt, dataKeys, openEnvelope, rewrap, … */
  operation: v.string(),
  /** The caller's own words. */
  purpose: v.string(),
  /** The row of the jurisdiction's table that allowed it. */
  rule: v.string(),
  /** How many: keys for data made at once are one receipt. */
  count: v.number(),
  /** Of what came in, in all; of keys for data and random, what went out. */
  bytes: v.number(),
  /** State of the key, where it is one in which the answer is doubtful. */
  doubt: v.optional(v.string()),
  /** `<driver>/<label>`; empty where no token was needed. */
  token: v.string(),
  /** The reading of the token's counters before it; empty where no token was needed. */
  reading: v.string(),
});
export type Receipt = v.InferOutput<typeof receiptSchema>;

/** Action of the entries with readings. */
export const readingAction = "hsm.Counters";

/** What the counters say of one private part of a version. */
export const countedSchema = v.object({
  /** Empty for what is none of the keys in the registry: those that seal seeds, and keys of authorities. */
  key: v.string(),
  version: v.number(),
  /** As the driver names it: CKA_ID, or for a sealed seed that and a hash of the blob. */
  object: v.string(),
  uses: v.record(v.string(), v.number()),
});
export type Counted = v.InferOutput<typeof countedSchema>;

/** Details of an entry; a reading of a token with many keys has several. */
export const readingSchema = v.object({
  /** Time of the reading, which names it. */
  reading: timeSchema,
  token: v.string(),
  /** The first since the agent started: what was under way before has no outcome. */
  first: v.boolean(),
  /** How often the driver's process was begun anew since the agent started. */
  restarts: v.number(),
  part: v.number(),
  parts: v.number(),
  counted: v.array(countedSchema),
});
export type ReadingPart = v.InferOutput<typeof readingSchema>;
