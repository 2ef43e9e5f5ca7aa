import * as v from "valibot";
import { defineInterface, document, text } from "../bus/contract.ts";
import { identifierSchema, lineSchema, timeSchema } from "../bus/fields.ts";
import { tenantNameSchema } from "../tenants/names.ts";
import {
  auditPageSchema,
  partSchema,
  shownSchema,
  statusSchema,
  summarySchema,
} from "./answers.ts";
import { exportSpecSchema } from "./export/spec.ts";
import { auditConditionsSchema, auditFilterSchema } from "./filter.ts";
import { changesSchema, replaySchema } from "./replay/answers.ts";
import { traceQuestionSchema, traceSchema } from "./trace/answers.ts";

export { type AuditEntry, auditEntrySchema, outcomes, sources } from "./entry.ts";

const everybody = ["viewer", "operator", "officer", "auditor"] as const;

export const sequenceSchema = v.pipe(
  v.string(),
  v.regex(/^[1-9][0-9]{0,14}$/, "A sequence is a whole number from 1."),
);

/** Turning pages goes on with a reading; it is no new one. */
const paging = ["cursor", "after", "limit"];

export const audit = defineInterface({
  name: "org.dsecos.Audit1",
  subsystem: "audit",
  description: "The record of who did what on this node.",
  path: "/org/dsecos/audit",
  actions: {
    read: { description: "Read the whole audit log", roles: ["auditor"] },
    readTenant: { description: "Read the record of one tenant", roles: everybody },
    readOwn: { description: "Read the record of one's own acts", roles: everybody },
    status: { description: "See whether the audit log can be trusted", roles: everybody },
    verify: { description: "Verify the audit log", roles: ["officer", "auditor"] },
    tpm: { description: "Decide which TPM seals the audit log", roles: ["officer"] },
  },
  methods: {
    List: {
      description: "Entries of the whole log, newest first. That it was read is recorded.",
      in: [document("filter", auditFilterSchema, "Which entries.")],
      out: document("entries", auditPageSchema, "A page of entries."),
      action: "read",
      recorded: true,
      continues: paging,
    },
    ListTenant: {
      description:
        "Entries that concern one tenant, newest first. That they were read is recorded.",
      in: [
        text("tenant", tenantNameSchema, "Name of the tenant."),
        document("filter", auditFilterSchema, "Which entries."),
      ],
      out: document("entries", auditPageSchema, "A page of entries."),
      action: "readTenant",
      tenant: "tenant",
      recorded: true,
      continues: paging,
    },
    ListOwn: {
      description: "Entries of the caller's own acts, newest first.",
      in: [document("filter", auditFilterSchema, "Which entries.")],
      out: document("entries", auditPageSchema, "A page of entries."),
      action: "readOwn",
      recorded: false,
    },
    Summary: {
      description: "Counts over the whole log: over time, and by what occurs most. Recorded.",
      in: [document("filter", auditConditionsSchema, "Which entries.")],
      out: document("summary", summarySchema, "The counts."),
      action: "read",
      recorded: true,
      continues: [],
    },
    SummaryTenant: {
      description: "The same counts over what concerns one tenant. Recorded.",
      in: [
        text("tenant", tenantNameSchema, "Name of the tenant."),
        document("filter", auditConditionsSchema, "Which entries."),
      ],
      out: document("summary", summarySchema, "The counts."),
      action: "readTenant",
      tenant: "tenant",
      recorded: true,
      continues: [],
    },
    Show: {
      description: "One entry with its proof and the entries beside it. Recorded.",
      in: [text("sequence", sequenceSchema, "Sequence of the entry, for example 4711.")],
      out: document("shown", shownSchema, "The entry and what proves it."),
      action: "read",
      recorded: true,
      object: "sequence",
    },
    Status: {
      description: "How far the log can be trusted, part by part, and what needs attention.",
      in: [],
      out: document("status", statusSchema, "The state of each part."),
      action: "status",
    },
    Checkpoint: {
      description: "The newest signed checkpoint, for whoever keeps them elsewhere.",
      in: [],
      out: text("checkpoint", v.string(), "A signed note as c2sp.org/tlog-checkpoint has it."),
      action: "status",
    },
    Replay: {
      description:
        "Tenants, permissions, policy and keys as they were at an instant within the retention. Recorded.",
      in: [text("instant", timeSchema, "The instant, for example 2026-11-01T12:00:00.000Z.")],
      out: document("state", replaySchema, "What was known then."),
      action: "read",
      recorded: true,
    },
    Changes: {
      description: "Who did what, and what it changed, newest first. Recorded.",
      in: [document("filter", auditFilterSchema, "Which acts and changes.")],
      out: document("changes", changesSchema, "A page of acts and changes."),
      action: "read",
      recorded: true,
      continues: paging,
    },
    Trace: {
      description:
        "Where the data of a tenant goes or could go, each path with its jurisdiction and what shows it. Recorded.",
      in: [document("question", traceQuestionSchema, "Of which tenant.")],
      out: document("trace", traceSchema, "The paths, and whether they all end where they must."),
      action: "readTenant",
      tenant: "question.agency",
      recorded: true,
      timeoutSeconds: 120,
    },
    Export: {
      description:
        "Write a signed bundle, tiles or documents. The file is the caller's, named in the job, and kept a week.",
      in: [document("spec", exportSpecSchema, "What to export.")],
      out: text("job", identifierSchema, "Id of the job."),
      action: "read",
      recorded: true,
      job: true,
    },
    Verify: {
      description:
        "Verify the whole log: chain, tree, checkpoints, TPM and witnesses. The result is in the job and in Status.",
      in: [],
      out: text("job", identifierSchema, "Id of the job."),
      action: "verify",
      recorded: true,
      job: true,
    },
    EnrolTpm: {
      description:
        "Let the node's TPM seal the log, where it had none when the agent first started.",
      in: [],
      out: document("tpm", partSchema, "The TPM's state."),
      action: "tpm",
      changes: true,
      timeoutSeconds: 300,
    },
    AcknowledgeTpm: {
      description:
        "Go on with a TPM, or a log, that was replaced, cleared or set back: under a new key.",
      in: [text("reason", lineSchema(500), "What happened, for the record.")],
      out: document("tpm", partSchema, "The TPM's state."),
      action: "tpm",
      changes: true,
      approvals: 1,
      timeoutSeconds: 300,
    },
  },
  signals: {
    /** At most five a second. */
    Appended: document("size", v.number(), "Number of events in the log."),
  },
});
