/** What the members about key ceremonies take and give. Imports nothing from node:. */
import * as v from "valibot";
import { hashSchema } from "../../approvals/contract.ts";
import { personSchema } from "../../approvals/quorum.ts";
import { identifierSchema, timeSchema } from "../../bus/fields.ts";
import { tenantNameSchema } from "../../tenants/names.ts";
import { driverNameSchema } from "../config.ts";

const slug = /^[a-z][a-z0-9-]{1,31}$/;

export const scriptNameSchema = v.pipe(
  v.string(),
  v.regex(slug, "A script's name has 2 to 32 characters: a-z, 0-9 and hyphens."),
  v.description("Name of the script, for example authority-root"),
);

export const stepNameSchema = v.pipe(
  v.string(),
  v.regex(slug, "A step's name has 2 to 32 characters: a-z, 0-9 and hyphens."),
  v.description("Name of the step, for example token"),
);

export const ceremonyOptionsSchema = v.strictObject({
  tenant: v.optional(v.pipe(tenantNameSchema, v.description("Tenant whose token it is about"))),
  driver: v.optional(v.pipe(driverNameSchema, v.description("Driver whose token it is about"))),
});
export type CeremonyOptions = v.InferOutput<typeof ceremonyOptionsSchema>;

/** A fact as it was read back, in words to be read aloud. */
export const factSchema = v.object({ name: v.string(), value: v.string() });
export type Fact = v.InferOutput<typeof factSchema>;

const scriptStepSchema = v.object({
  name: stepNameSchema,
  title: v.string(),
  /** What the people in the room do and say. */
  text: v.string(),
  /** Whose part it is. */
  role: v.string(),
  /** What the node does once two people have confirmed the step; empty where they only compare. */
  act: v.string(),
  /** Names of the facts that are read back after that. */
  reads: v.array(v.string()),
});
export type ScriptStep = v.InferOutput<typeof scriptStepSchema>;

export const scriptSchema = v.object({
  name: scriptNameSchema,
  title: v.string(),
  purpose: v.string(),
  /** Options without which it cannot be started. */
  needs: v.array(v.picklist(["tenant", "driver"])),
  steps: v.array(scriptStepSchema),
  /** SHA3-512 of the script as canonical JSON (RFC 8785) without this member; hexadecimal. */
  hash: hashSchema,
});
export type Script = v.InferOutput<typeof scriptSchema>;

const confirmationSchema = v.object({ ...personSchema.entries, at: timeSchema });

const stepSchema = v.object({
  ...scriptStepSchema.entries,
  /**
   * `waits`: a step before it is not done. `open`: people confirm it. `acting`: the node acts.
   * `done`: it is over and cannot be done again.
   */
  state: v.picklist(["waits", "open", "acting", "done"]),
  confirmedBy: v.array(confirmationSchema),
  doneAt: v.optional(timeSchema),
  facts: v.array(factSchema),
  /** Why the last try of its act failed; it must be confirmed anew. Empty else. */
  error: v.string(),
});

export const ceremonyStates = ["running", "complete", "aborted"] as const;

const ceremonyEntries = {
  id: identifierSchema,
  script: scriptNameSchema,
  title: v.string(),
  scriptHash: hashSchema,
  /** Held on the rehearsal token; nothing of it is of use afterwards. */
  rehearsal: v.boolean(),
  options: ceremonyOptionsSchema,
  state: v.picklist(ceremonyStates),
  startedBy: v.string(),
  startedAt: timeSchema,
  expiresAt: timeSchema,
  endedAt: v.optional(timeSchema),
  /** Why it was aborted; empty else. */
  reason: v.string(),
  /** Number of steps that are done. */
  done: v.number(),
  of: v.number(),
};

export const ceremonyRowSchema = v.object(ceremonyEntries);
export type CeremonyRow = v.InferOutput<typeof ceremonyRowSchema>;

export const ceremonySchema = v.object({
  ...ceremonyEntries,
  steps: v.array(stepSchema),
  /** Name of the step that people confirm now; empty where none is. */
  step: v.string(),
  /** What a confirmation of it is bound to: the ceremony, the step and all facts so far. */
  hash: v.string(),
  /** What became of what was made, where the ceremony was aborted or a rehearsal. */
  undone: v.array(v.string()),
});
export type Ceremony = v.InferOutput<typeof ceremonySchema>;

export const ceremonyRecordSchema = v.object({
  /** Canonical JSON (RFC 8785); the signature is over its UTF-8. */
  record: v.string(),
  /** ECDSA with P-384 over SHA-384, as DER in base64. */
  signature: v.string(),
  /** PEM of the node's ceremony key, or the rehearsal's. */
  publicKey: v.string(),
  /** SHA-256 of that key's SubjectPublicKeyInfo; hexadecimal. */
  fingerprint: v.string(),
  /** The record as plain text, for printing. */
  text: v.string(),
  /** What a sceptic runs beside a file with this document. */
  command: v.string(),
});
export type CeremonyRecord = v.InferOutput<typeof ceremonyRecordSchema>;
