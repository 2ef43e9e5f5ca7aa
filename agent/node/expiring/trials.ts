/** Ends of what waits for a person: requests, trials of rules and policies, invitations. */
import { X509Certificate } from "node:crypto";
import type { ApprovalRecord } from "../../approvals/contract.ts";
import type { Origin } from "../../selinux/loads/answers.ts";
import type { FirewallStatus } from "../firewall/answers.ts";
import type { Ending } from "./answers.ts";

export function requestEnding(request: ApprovalRecord): Ending[] {
  const { state, member, object, tenant = "", expiresAt, requester } = request;
  if (state !== "pending") return [];
  const name = [member, object].filter(Boolean).join(" ");
  return [
    {
      ...{ endsAt: expiresAt, kind: "request", name, tenant },
      subsystem: member.split(".")[0] ?? "",
      what: `What ${requester} asked for lapses, and has to be asked for once more.`,
      remedy: "Approve or reject it.",
      command: "dsecos approvals list",
    },
  ];
}

export function firewallEnding({ trial }: FirewallStatus): Ending[] {
  if (trial === null) return [];
  const { policy, by, until } = trial;
  return [
    {
      ...{ endsAt: until, kind: "firewall", name: policy.slice(0, 12), tenant: "" },
      subsystem: "node",
      what: "The rules of before come back.",
      remedy: `Have ${by} confirm the rules if they do what they should.`,
      command: `dsecos node confirm-firewall ${policy}`,
    },
  ];
}

export function policyEnding({ origin, policy, confirmUntil, by }: Origin): Ending[] {
  if (origin !== "pending") return [];
  return [
    {
      ...{ endsAt: confirmUntil, kind: "policy", name: policy.slice(0, 12), tenant: "" },
      subsystem: "selinux",
      what: "The policy of before comes back.",
      remedy: `Have ${by} confirm the policy if it does what it should.`,
      command: `dsecos selinux confirm ${policy}`,
    },
  ];
}

export function invitationEnding({ node, endsAt }: { node: string; endsAt: string }): Ending {
  return {
    ...{ endsAt, kind: "invitation", name: node, tenant: "", subsystem: "cluster" },
    what: "The node can no longer join with it.",
    remedy: "Let the node join before, or invite it once more.",
    command: `dsecos cluster invite ${node}`,
  };
}

/** @param pem of the cluster; nothing where the node is in none */
export function clusterCertificateEnding(pem: string | undefined): Ending[] {
  if (pem === undefined) return [];
  const endsAt = new Date(new X509Certificate(pem).validTo).toISOString();
  return [
    {
      ...{ endsAt, kind: "clusterCertificate", name: "Incus", tenant: "", subsystem: "cluster" },
      what: "Members no longer believe each other, and the cluster stands still.",
      remedy: "Give the cluster a new one.",
      command: "incus cluster update-certificate cluster.crt cluster.key",
    },
  ];
}
