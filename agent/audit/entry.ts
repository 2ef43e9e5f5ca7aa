/**
 * One event on record, as people and programs read it. Imports nothing from node:, since the pages
 * use it too.
 */
import * as v from "valibot";
import { timeSchema } from "../bus/fields.ts";

export const outcomes = ["intent", "success", "failure", "refused", "note"] as const;

/** Who noticed it: the agent itself, what the agent listens to, or the log about itself. */
export const sources = ["agent", "auditd", "journal", "incus", "log"] as const;

/** Tells about a natural person: marked in the published schema, pseudonymised on export. */
const personal = { personal: true } as const;

export const auditEntrySchema = v.object({
  sequence: v.pipe(
    v.number(),
    v.description("Its place in the log, counted from 1: its index plus 1"),
  ),
  time: v.pipe(timeSchema, v.description("When it was recorded, by the node's clock")),
  node: v.pipe(v.string(), v.description("Host name of the node")),
  source: v.pipe(v.picklist(sources), v.description("Who noticed it")),
  action: v.pipe(
    v.string(),
    v.description("<subsystem>.<Member>, or an event such as agent.start or auditd.exec"),
  ),
  outcome: v.pipe(
    v.picklist(outcomes),
    v.description("intent before an act; then success, failure or refused; note for what happens"),
  ),
  actor: v.pipe(
    v.string(),
    v.metadata(personal),
    v.description("Login name, or the part of the node"),
  ),
  uid: v.pipe(v.number(), v.metadata(personal), v.description("User id that acted")),
  loginuid: v.pipe(
    v.number(),
    v.metadata(personal),
    v.description("User id at login, which su and sudo do not change; -1 where there is none"),
  ),
  address: v.optional(
    v.pipe(v.string(), v.metadata(personal), v.description("Network address that it came from")),
  ),
  pid: v.pipe(v.number(), v.description("Process that acted; 0 where none is known")),
  label: v.pipe(v.string(), v.description("SELinux or AppArmor label of that process")),
  tenant: v.optional(v.pipe(v.string(), v.description("Tenant that it concerns"))),
  object: v.optional(v.pipe(v.string(), v.description("Thing that it was done to"))),
  flow: v.optional(v.pipe(v.string(), v.description("Data flow that it belongs to"))),
  call: v.optional(
    v.pipe(v.string(), v.description("Ties intent, outcome and the entries of a job together")),
  ),
  details: v.optional(
    v.pipe(
      v.record(v.string(), v.unknown()),
      v.description("Arguments or facts; their SHA3-512 and size where they have over 16 KiB"),
    ),
  ),
  error: v.optional(v.pipe(v.string(), v.description("Why it failed or was refused"))),
});

export type AuditEntry = v.InferOutput<typeof auditEntrySchema>;

/** Members of an entry that tell about a natural person, by the schema's own marks. */
export const personalMembers: readonly string[] = Object.entries(auditEntrySchema.entries)
  .filter(
    ([, schema]) => "personal" in v.getMetadata("wrapped" in schema ? schema.wrapped : schema),
  )
  .map(([name]) => name);
