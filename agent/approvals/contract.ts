import * as v from "valibot";
import { defineInterface, document, text } from "../bus/contract.ts";
import { identifierSchema, lineSchema, timeSchema } from "../bus/fields.ts";
import { personSchema } from "./quorum.ts";

export const approvalStates = ["pending", "approved", "rejected", "used", "expired"] as const;

export const approvalSchema = v.object({
  id: identifierSchema,
  /** `<subsystem>.<Member>` that was asked for. */
  member: v.string(),
  description: v.string(),
  tenant: v.optional(v.string()),
  object: v.optional(v.string()),
  /** The arguments as asked, as JSON. */
  arguments: v.string(),
  /** SHA3-512 over member, arguments, requester, state of the target, node and quorum; hexadecimal. */
  hash: v.string(),
  requester: v.string(),
  requesterUid: v.number(),
  requestedAt: timeSchema,
  expiresAt: timeSchema,
  state: v.picklist(approvalStates),
  /** How many different people must approve, m of the candidates. */
  needed: v.number(),
  approvers: v.array(v.string()),
  /** Who could approve when it was asked for, the requester left out; 32 at most. */
  candidates: v.array(personSchema),
  reason: v.optional(v.string()),
});

export type ApprovalRecord = v.InferOutput<typeof approvalSchema>;

export const hashSchema = v.pipe(
  v.string(),
  v.regex(/^[0-9a-f]{128}$/, "The hash of a request has 128 characters of 0-9 and a-f."),
);

export const approvals = defineInterface({
  name: "org.dsecos.Approvals1",
  subsystem: "approvals",
  description: "Acts that need a second person: asked by one, approved by another.",
  path: "/org/dsecos/approvals",
  actions: {
    read: {
      description: "See which requests wait for a second person",
      roles: ["viewer", "operator", "officer", "auditor"],
    },
    approve: { description: "Approve or reject what another person asked for", roles: ["officer"] },
    withdraw: {
      description: "Withdraw one's own request",
      roles: ["operator", "officer"],
    },
  },
  methods: {
    List: {
      description: "Requests of the last day, newest first.",
      in: [],
      out: document("requests", v.array(approvalSchema), "The requests."),
      action: "read",
    },
    Approve: {
      description: "Approve exactly the request with this hash; the requester then asks again.",
      in: [
        text("request", identifierSchema, "Id of the request."),
        text("hash", hashSchema, "Hash of the request, as it was read."),
      ],
      out: document("record", approvalSchema, "The request."),
      action: "approve",
      changes: true,
      object: "request",
    },
    Reject: {
      description: "Refuse a request, for good.",
      in: [
        text("request", identifierSchema, "Id of the request."),
        text("reason", lineSchema(500), "Why, for the requester and the record."),
      ],
      out: document("record", approvalSchema, "The request."),
      action: "approve",
      changes: true,
      object: "request",
    },
    Withdraw: {
      description: "Take back one's own request.",
      in: [text("request", identifierSchema, "Id of the request.")],
      out: document("record", approvalSchema, "The request."),
      action: "withdraw",
      changes: true,
      object: "request",
    },
  },
  signals: { Changed: text("request", identifierSchema, "Id of the request that changed.") },
});
