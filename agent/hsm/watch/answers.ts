/** What the agent answers about alarms. Imports nothing from node:, since the pages use it too. */
import * as v from "valibot";
import { timeSchema } from "../../bus/fields.ts";
import { tokenStates } from "../tokens/answers.ts";

/**
 * `tokenAbsent`: a token that was made is gone. `otherToken`: another has its label. `keyMissing`: a
 * record has no object. `ambiguous`: more than one object has a key's id, or more than one token the
 * label. `weakKey`: a key could leave its token. `otherKey`: the object is another than its record
 * says. `unknownObject`: a key that no record names. `unreadable`: a record that cannot be read.
 * `clock`: the node's clock may have gone ahead, so nothing that is due is done.
 */
export const alarmKinds = [
  "tokenAbsent",
  "otherToken",
  "keyMissing",
  "ambiguous",
  "weakKey",
  "otherKey",
  "unknownObject",
  "unreadable",
  "clock",
] as const;

/**
 * Of the directory of an authority whose key is in the token. `…Missing`: a file is gone.
 * `…Foreign`, `…Changed`: a file is not what is on record. `…Unasked`: nobody asked for what it
 * says. `listLost`: the newest list had more on it than are known of.
 */
export const certificateAlarmKinds = [
  "certificateMissing",
  "certificateForeign",
  "certificateUnasked",
  "revocationMissing",
  "revocationChanged",
  "revocationUnasked",
  "filesUnreadable",
  "listChanged",
  "listLost",
] as const;
export type CertificateAlarmKind = (typeof certificateAlarmKinds)[number];

export const alarmSchema = v.object({
  kind: v.picklist([...alarmKinds, ...certificateAlarmKinds]),
  /** Empty where it is about the node itself. */
  token: v.string(),
  tenant: v.string(),
  /** Name of the key, or id of the object; empty where it is about the whole token. */
  key: v.string(),
  since: timeSchema,
  what: v.pipe(v.string(), v.description("What is wrong and what to do")),
});
export type Alarm = v.InferOutput<typeof alarmSchema>;

export const hsmStatusSchema = v.object({
  at: timeSchema,
  /** Of drivers: how many there are and are ready. */
  drivers: v.object({ total: v.number(), ready: v.number() }),
  tokens: v.object({
    total: v.number(),
    states: v.record(v.picklist(tokenStates), v.optional(v.number(), 0)),
    software: v.pipe(v.number(), v.description("Those that are files and no hardware")),
  }),
  keys: v.object({ total: v.number(), frozen: v.number(), waiting: v.number() }),
  /** Of all authorities, as they were looked at last; not there where none is known yet. */
  certificates: v.optional(
    v.object({
      authorities: v.number(),
      valid: v.number(),
      expiring: v.pipe(
        v.number(),
        v.description("Those that end soon, and whose holder has no newer one"),
      ),
      expired: v.number(),
      revoked: v.number(),
    }),
  ),
  /** When records and tokens were compared last. */
  compared: v.object({
    state: v.picklist(["never", "running", "done", "failed"]),
    at: v.union([timeSchema, v.literal("")]),
    error: v.string(),
  }),
  alarms: v.array(alarmSchema),
  /** How many alarms there are; the list has the first 200. */
  alarmCount: v.number(),
  /** What is wrong and what to do, one sentence each. */
  problems: v.array(v.string()),
});
export type HsmStatus = v.InferOutput<typeof hsmStatusSchema>;
