/** Members of the contract about certificates. Imports nothing from node:. */
import * as v from "valibot";
import { content, count, document, type Method, text } from "../../bus/contract.ts";
import {
  agencyDaysSchema,
  authoritiesSchema,
  authoritySchema,
  authoritySpecSchema,
  certificateFilesSchema,
  certificateFilterSchema,
  certificatePageSchema,
  certificateSchema,
  chainSchema,
  leafDaysSchema,
  leafProfileSchema,
  mostLeafDays,
  ownerSchema,
  revocationListSchema,
  revocationSchema,
  rollSpecSchema,
  serialSchema,
} from "./answers.ts";

const tenant = text("tenant", ownerSchema, "Name of the tenant, or =node for the node's root.");
const serial = text("serial", serialSchema, "Serial number, 32 characters of 0-9 and a-f.");

/** As PEM, since somebody who approves must be able to read what is on record. */
const requestSchema = v.pipe(
  v.string(),
  v.maxLength(16_384, "A request has at most 16384 characters."),
  v.check((value) => /^[\x20-\x7e\r\n\t]*$/.test(value), "Send the request as PEM."),
);

export const certificateMembers = {
  Authorities: {
    description:
      "Every authority with its state, how many certificates of it hold, and what is wrong with it.",
    in: [],
    out: document("authorities", authoritiesSchema, "What was found."),
    action: "read",
    timeoutSeconds: 60,
  },
  CreateAuthority: {
    description:
      "Make a certificate authority: its key in the tenant's token, its certificate signed by the node's root or by itself. The node's root, of =node, comes first.",
    in: [tenant, document("spec", authoritySpecSchema, "What it is to be.")],
    out: document("authority", authoritySchema, "What was made."),
    action: "authority",
    changes: true,
    approvals: 1,
    tenant: "tenant",
    timeoutSeconds: 120,
  },
  RollAuthority: {
    description:
      "Give an authority a new key and certificate. What the old one signed holds until it ends: its lists and answers go on, and of one that signed itself, each key vouches for the other.",
    in: [tenant, document("spec", rollSpecSchema, "What the new one is to be.")],
    out: document("authority", authoritySchema, "The authority as it is now."),
    action: "authority",
    changes: true,
    approvals: 1,
    tenant: "tenant",
    timeoutSeconds: 120,
  },
  Certificates: {
    description: "Certificates that were issued, a page at a time.",
    in: [document("filter", certificateFilterSchema, "Which ones.")],
    out: document("certificates", certificatePageSchema, "A page of them."),
    action: "read",
  },
  Certificate: {
    description: "One certificate with its chain, as PEM.",
    in: [tenant, serial],
    out: document("certificate", certificateFilesSchema, "The certificate."),
    action: "read",
    tenant: "tenant",
    object: "serial",
  },
  Issue: {
    description:
      "Issue a certificate to a person or a service of the tenant. The request's common name says who; its organisation, where it has one, must be the tenant.",
    in: [
      tenant,
      text(
        "profile",
        leafProfileSchema,
        "Whether it is for a person or a service, for example person.",
      ),
      content("csr", 32_768, "The request (PKCS #10) as PEM or DER."),
      count("days", v.optional(leafDaysSchema, mostLeafDays), "How long it holds, in days."),
    ],
    out: document("certificate", certificateFilesSchema, "The certificate."),
    action: "certify",
    changes: true,
    tenant: "tenant",
  },
  IssueAgency: {
    description:
      "Issue an authority of the tenant's own agency, below the tenant's: it may issue to names of that tenant alone.",
    in: [
      tenant,
      text("request", requestSchema, "The request (PKCS #10) as PEM."),
      count("days", v.optional(agencyDaysSchema, 365), "How long it holds, in days."),
    ],
    out: document("certificate", certificateFilesSchema, "The certificate."),
    action: "authority",
    changes: true,
    approvals: 1,
    tenant: "tenant",
  },
  Renew: {
    description:
      "Issue a certificate anew to the same names and key, for as long as it held before. The old one holds until it ends.",
    in: [tenant, serial],
    out: document("certificate", certificateFilesSchema, "The new certificate."),
    action: "certify",
    changes: true,
    tenant: "tenant",
    object: "serial",
  },
  Revoke: {
    description:
      "Revoke a certificate of a person or a service for good; the list of revoked ones is made anew.",
    in: [
      tenant,
      serial,
      text("revocation", revocationSchema, "Why it is revoked, for example superseded."),
    ],
    out: document("certificate", certificateSchema, "The certificate as it is now."),
    action: "certify",
    changes: true,
    tenant: "tenant",
    object: "serial",
  },
  RevokeAuthority: {
    description:
      "Revoke an authority for good, and with it everything that it issued: a tenant's at the node's root, or an agency's at the tenant's. Always needs a second person.",
    in: [
      tenant,
      serial,
      text("revocation", revocationSchema, "Why it is revoked, for example keyCompromise."),
    ],
    out: document("certificate", certificateSchema, "The certificate as it is now."),
    action: "authority",
    changes: true,
    approvals: 1,
    tenant: "tenant",
    object: "serial",
  },
  Crl: {
    description:
      "The list of revoked certificates of the tenant's authority, made anew once a day or where one was revoked.",
    in: [tenant],
    out: document("list", revocationListSchema, "The list."),
    action: "read",
    tenant: "tenant",
  },
  Ocsp: {
    description: "Answer a question about the state of certificates (RFC 6960), signed.",
    in: [tenant, content("request", 32_768, "The request as DER.")],
    out: text("response", v.string(), "The response's DER as base64."),
    action: "read",
    tenant: "tenant",
  },
  Chain: {
    description: "Certificates of the tenant's authority and of those above it, as PEM.",
    in: [tenant],
    out: document("chain", chainSchema, "The chain."),
    action: "read",
    tenant: "tenant",
  },
} as const satisfies Record<string, Method>;
