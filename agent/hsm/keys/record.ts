/**
 * The record of a key: what a token cannot say of it. It lives in the token itself, as a private data
 * object, so that it is replicated, saved and lost together with the key. Imports nothing from node:.
 */
import * as v from "valibot";
import { timeSchema } from "../../bus/fields.ts";
import { algorithmSchema, protections, purposes, regionSchema } from "../algorithms.ts";

/** States of NIST SP 800-57 part 1, section 7. */
export const keyStates = [
  "pre-active",
  "active",
  "suspended",
  "deactivated",
  "compromised",
  "destroyed",
] as const;
export type KeyState = (typeof keyStates)[number];

export const keyNameSchema = v.pipe(
  v.string(),
  v.regex(
    /^[a-z]([a-z0-9]|-(?!-)){0,46}[a-z0-9]$/,
    "A key's name has 2 to 48 characters: a-z, 0-9 and single hyphens, and begins with a letter.",
  ),
  v.description("Name of the key, for example documents"),
);

/** Id of an object in the token: CKA_ID of 16 bytes. */
export const objectIdSchema = v.pipe(v.string(), v.regex(/^[0-9a-f]{32}$/));

/** One generation of a key. All bytes are base64. */
export const keyVersionSchema = v.object({
  version: v.pipe(v.number(), v.integer(), v.minValue(1)),
  createdAt: timeSchema,
  /** Its object in the token; absent where all of it is sealed. */
  id: v.optional(objectIdSchema),
  /** Public half as SubjectPublicKeyInfo; absent for AES. */
  spki: v.optional(v.string()),
  /** The half whose seed is sealed: its public key, the blob, and which AES object it is under. */
  sealed: v.optional(v.object({ publicKey: v.string(), blob: v.string(), under: objectIdSchema })),
  /** SHA-256 of the public half, or of the id where there is none; hexadecimal. */
  fingerprint: v.string(),
  /** Set once its objects are gone. */
  destroyedAt: v.optional(timeSchema),
});
export type KeyVersion = v.InferOutput<typeof keyVersionSchema>;

export const keyRecordSchema = v.object({
  name: keyNameSchema,
  tenant: v.string(),
  /** Driver whose token has it, and the region of that token when it was made. */
  driver: v.string(),
  region: regionSchema,
  algorithm: algorithmSchema,
  purpose: v.picklist(purposes),
  protection: v.picklist(protections),
  state: v.picklist(keyStates),
  createdAt: timeSchema,
  createdBy: v.string(),
  /** The newest version protects; older ones only process what they protected. */
  versions: v.array(keyVersionSchema),
  /** When it becomes active by itself, and when it is deactivated by itself. */
  activateAt: v.optional(timeSchema),
  expireAt: v.optional(timeSchema),
  /** Days between rotations, and when the next is due. */
  rotateDays: v.optional(v.number()),
  rotateAt: v.optional(timeSchema),
  /** Set while its destruction is scheduled, with the state it goes back to if that is cancelled. */
  destroyAt: v.optional(timeSchema),
  stateBefore: v.optional(v.picklist(keyStates)),
  /** Newest last, 16 at most; all of them are in the audit log. */
  history: v.array(
    v.object({ at: timeSchema, by: v.string(), state: v.picklist(keyStates), why: v.string() }),
  ),
  /** Counts up with every change, so that two who change at once are told. */
  revision: v.number(),
});
export type KeyRecord = v.InferOutput<typeof keyRecordSchema>;
