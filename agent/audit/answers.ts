/** What the audit log answers. Imports nothing from node:, since the pages use it too. */
import * as v from "valibot";
import { cursorSchema, identifierSchema, timeSchema } from "../bus/fields.ts";
import { auditEntrySchema } from "./entry.ts";

const described = <T>(schema: v.GenericSchema<unknown, T>, description: string) =>
  v.pipe(schema, v.description(description));
const count = (description: string) => described(v.number(), description);
const text = (description: string) => described(v.string(), description);
/** Empty where it never took place. */
const timeOrNever = (description: string) =>
  described(v.union([v.literal(""), timeSchema]), description);

export const auditPageSchema = v.object({
  rows: described(v.array(auditEntrySchema), "Newest first."),
  next: described(
    cursorSchema,
    "Cursor for what is older; empty when nothing is. A page may be short, and even empty, and still have a next one: a search looks at a bounded part of the log at a time.",
  ),
  size: count("Number of events in the log when this was answered, for after."),
  unreadable: v.optional(
    count("Events that stand between these and cannot be read; verify the log."),
  ),
});

export type AuditPage = v.InferOutput<typeof auditPageSchema>;

const facetSchema = v.array(
  v.object({ value: text("What it is"), count: count("How many events have it") }),
);

export const summarySchema = v.object({
  total: count("How many events match."),
  complete: described(
    v.boolean(),
    "False when it had to stop before all of the log was looked at; what is counted is the newest part.",
  ),
  histogram: v.object({
    from: timeOrNever("Begin of the first bucket; empty when nothing matches."),
    to: timeOrNever("End of the last bucket."),
    buckets: v.array(
      v.object({
        at: described(timeSchema, "Begin of the bucket."),
        success: v.number(),
        failure: v.number(),
        refused: v.number(),
        other: count("Intents and notes."),
      }),
    ),
  }),
  facets: described(
    v.object({
      tenants: facetSchema,
      actors: facetSchema,
      actions: facetSchema,
      sources: facetSchema,
      outcomes: facetSchema,
    }),
    "The most frequent values, most frequent first, at most 50 of each.",
  ),
});

export type Summary = v.InferOutput<typeof summarySchema>;

export const proofSchema = v.object({
  index: count("Place of the event in the tree, counted from 0."),
  size: count("Size of the tree that it is proved against."),
  leaf: text("Base64 of the leaf's hash: SHA-256(0x00 || raw)."),
  hashes: described(v.array(v.string()), "Inclusion proof of RFC 6962, base64."),
  checkpoint: text(
    "The signed checkpoint of that size; empty when no checkpoint counts the event yet.",
  ),
});

export const sealSchema = v.object({
  time: described(timeSchema, "When the checkpoint was made."),
  tpm: described(v.boolean(), "Whether a TPM certified it."),
  witnesses: count("How many witnesses signed it."),
});

export const shownSchema = v.object({
  entry: auditEntrySchema,
  raw: text("Base64 of payload, salt and chain value before it: what is hashed."),
  hash: text("SHA3-512 of raw, hexadecimal."),
  neighbours: described(v.array(auditEntrySchema), "Up to five entries on each side, in order."),
  proof: proofSchema,
  sealed: described(v.nullable(sealSchema), "The checkpoint that counts it first; null before."),
});

export type Shown = v.InferOutput<typeof shownSchema>;

export const partStates = ["ok", "warning", "alarm", "unknown"] as const;
export type PartState = (typeof partStates)[number];

export const partSchema = v.object({
  state: described(v.picklist(partStates), "unknown for what could not be checked, never ok."),
  at: timeOrNever("When that was last true or checked; empty when it never was."),
  text: text("A sentence for people; where it is not ok, also what to do."),
});

export type PartStatus = v.InferOutput<typeof partSchema>;

export const sourceStatusSchema = v.object({
  name: text("For example auditd."),
  state: v.picklist(partStates),
  at: timeOrNever("When something last came from it."),
  received: count("Events since the agent started."),
  suppressed: count("Events that were over the source's rate and only counted."),
  gaps: count("Gaps that could not be filled."),
  text: text("A sentence for people."),
});

export type SourceStatus = v.InferOutput<typeof sourceStatusSchema>;

export const alarmKinds = [
  "integrity",
  "gap",
  "witness",
  "clock",
  "unsealed",
  "tpm",
  "suppressed",
  "source",
  "disk",
  "offload",
] as const;

export const alarmSchema = v.object({
  kind: v.picklist(alarmKinds),
  since: timeOrNever("Since when it holds; empty where that is not known."),
  text: text("What is wrong, in a sentence."),
  todo: text("What to do, in a sentence."),
});

export type Alarm = v.InferOutput<typeof alarmSchema>;

export const findingSchema = v.object({
  code: text("For example chain.link; the codes are explained in audit-format.md."),
  evidence: text("Which evidence shows it, for example chain or tpm."),
  severity: v.picklist(["error", "warning"]),
  where: text("Where: a file, an index or a checkpoint."),
  text: text("What is wrong, in a sentence."),
});

export type Finding = v.InferOutput<typeof findingSchema>;

export const verificationSchema = v.object({
  state: described(
    v.picklist(["intact", "damaged", "failed", "never"]),
    "failed: it could not be carried out; never: it was not asked for since the log began.",
  ),
  at: timeOrNever("When it ended."),
  job: described(v.union([v.literal(""), identifierSchema]), "Its job."),
  actor: v.pipe(v.string(), v.metadata({ personal: true }), v.description("Who asked for it.")),
  size: count("How many events it covered."),
  seconds: count("How long it took."),
  errors: count("Findings that make the log bad."),
  warnings: count("Findings that do not."),
  findings: described(v.array(findingSchema), "The first 50 findings, errors first."),
});

export type Verification = v.InferOutput<typeof verificationSchema>;

export const statusSchema = v.object({
  size: count("Number of events in the log."),
  first: count("Sequence of the first event that retention has left."),
  node: text("Host name of the node."),
  origin: text("Name of the log in its checkpoints; empty before the first one."),
  chain: partSchema,
  tree: partSchema,
  tpm: partSchema,
  witnesses: partSchema,
  offload: partSchema,
  sources: v.array(sourceStatusSchema),
  alarms: v.array(alarmSchema),
  verified: verificationSchema,
});

export type Status = v.InferOutput<typeof statusSchema>;
