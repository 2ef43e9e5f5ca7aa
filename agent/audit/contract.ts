import * as v from "valibot";
import { defineInterface, document, text } from "../bus/contract.ts";
import { cursorSchema, limitSchema, lineSchema, timeSchema } from "../bus/fields.ts";
import { tenantNameSchema } from "../tenants/names.ts";

export const outcomes = ["intent", "success", "failure", "refused", "note"] as const;

export const auditEntrySchema = v.object({
  sequence: v.number(),
  time: timeSchema,
  node: v.string(),
  /** `<subsystem>.<Member>` or an event of the agent such as `agent.start`. */
  action: v.string(),
  outcome: v.picklist(outcomes),
  actor: v.string(),
  uid: v.number(),
  /** Kernel's login uid of the caller, which su and sudo do not change; -1 when there is none. */
  loginuid: v.number(),
  pid: v.number(),
  label: v.string(),
  tenant: v.optional(v.string()),
  object: v.optional(v.string()),
  /** Ties intent, outcome and the entries of a job together. */
  call: v.optional(v.string()),
  /** Arguments or facts of the event. */
  details: v.optional(v.record(v.string(), v.unknown())),
  error: v.optional(v.string()),
  /** SHA3-512 of the line before, in hexadecimal. */
  previous: v.string(),
});

export type AuditEntry = v.InferOutput<typeof auditEntrySchema>;

export const auditFilterSchema = v.strictObject({
  action: v.optional(lineSchema(100)),
  actor: v.optional(lineSchema(100)),
  tenant: v.optional(v.string()),
  outcome: v.optional(v.picklist(outcomes)),
  cursor: v.optional(cursorSchema, ""),
  limit: v.optional(limitSchema, 100),
});

export const auditPageSchema = v.object({
  /** Newest first. */
  rows: v.array(auditEntrySchema),
  /** Empty when the beginning of the log is reached. */
  next: cursorSchema,
});

export const verdictSchema = v.object({
  intact: v.boolean(),
  entries: v.number(),
  /** SHA3-512 of the last line, in hexadecimal. */
  head: v.string(),
  /** What is wrong and where; empty when intact. */
  problem: v.string(),
  checkedAt: timeSchema,
});

export const audit = defineInterface({
  name: "org.dsecos.Audit1",
  subsystem: "audit",
  description: "The record of who did what on this node.",
  path: "/org/dsecos/audit",
  actions: {
    read: { description: "Read the whole audit log", roles: ["auditor"] },
    verify: { description: "Verify the audit log", roles: ["auditor"] },
    readTenant: {
      description: "Read the record of one tenant",
      roles: ["viewer", "operator", "officer", "auditor"],
    },
    readOwn: {
      description: "Read the record of one's own acts",
      roles: ["viewer", "operator", "officer", "auditor"],
    },
  },
  methods: {
    List: {
      description: "Entries of the whole log, newest first. That it was read is recorded.",
      in: [document("filter", auditFilterSchema, "Which entries.")],
      out: document("entries", auditPageSchema, "A page of entries."),
      action: "read",
      recorded: true,
    },
    ListTenant: {
      description: "Entries that concern one tenant, newest first.",
      in: [
        text("tenant", tenantNameSchema, "Name of the tenant."),
        document("filter", auditFilterSchema, "Which entries."),
      ],
      out: document("entries", auditPageSchema, "A page of entries."),
      action: "readTenant",
      tenant: "tenant",
    },
    ListOwn: {
      description: "Entries of the caller's own acts, newest first.",
      in: [document("filter", auditFilterSchema, "Which entries.")],
      out: document("entries", auditPageSchema, "A page of entries."),
      action: "readOwn",
    },
    Verify: {
      description: "Recompute the chain over the whole log.",
      in: [],
      out: document("verdict", verdictSchema, "Whether the chain is intact."),
      action: "verify",
      timeoutSeconds: 600,
    },
  },
  signals: {},
});
