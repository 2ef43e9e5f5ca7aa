/** The members of org.dsecos.Cluster1 that form a cluster and let nodes in. Imports nothing from node:. */
import { content, document, type Method, text } from "../../bus/contract.ts";
import { identifierSchema } from "../../bus/fields.ts";
import { memberNameSchema } from "../members/names.ts";
import { addressSchema, fingerprintSchema, joinChecksSchema, mostInvitation } from "./answers.ts";

const node = text("node", memberNameSchema, "Name of this node in the cluster, for example node3.");
const address = text(
  "address",
  addressSchema,
  "Address of this node on the cluster's network, for example 10.1.0.4.",
);
const newcomer = text("node", memberNameSchema, "Name of the node that may join, once.");
const fingerprint = text(
  "cluster",
  fingerprintSchema,
  "SHA-256 of the cluster's certificate, as CheckJoin and the inviting member tell it.",
);
const invitation = (approvedBy?: string) =>
  content(
    "invitation",
    mostInvitation,
    "What Invite gave at a member. It lets one node in, so it is secret.",
    approvedBy,
  );
const checks = document("checks", joinChecksSchema, "What was found.");
const job = text("job", identifierSchema, "Id of the job.");

const change = { action: "form", changes: true, approvals: 1, object: "node" } as const;

export const joiningMembers = {
  CheckInit: {
    description: "What has to be true before this node becomes a cluster of one. Changes nothing.",
    in: [node, address],
    out: checks,
    action: "read",
  },
  Init: {
    description:
      "Make this node a cluster of one, which others can join. It keeps all that it has. There is no way back but setting Incus up anew. Always needs a second person.",
    in: [node, address],
    out: job,
    ...change,
    job: true,
  },
  Invite: {
    description:
      "Let one node join this cluster under a name. What this gives is secret, serves once and for three hours, and replaces an earlier one for that name. Always needs a second person.",
    in: [newcomer],
    out: content("invitation", mostInvitation, "For Join at the new node."),
    ...change,
  },
  CheckJoin: {
    description:
      "What has to be true before this node joins the cluster of an invitation. Changes nothing, and does not use the invitation up.",
    in: [node, address, invitation()],
    out: checks,
    action: "form",
    timeoutSeconds: 60,
  },
  Join: {
    description:
      "Join the cluster of an invitation. What Incus of this node has of its own would be lost, so it is refused where there is something. There is no way back but removing the member. Always needs a second person.",
    in: [node, address, fingerprint, invitation("cluster")],
    out: job,
    ...change,
    job: true,
    timeoutSeconds: 60,
  },
} as const satisfies Record<string, Method>;
