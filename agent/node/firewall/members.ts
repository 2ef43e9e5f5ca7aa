/** The members of org.dsecos.Node1 about the firewall. Imports nothing from node:. */
import { document, type Method, text } from "../../bus/contract.ts";
import {
  airGapSchema,
  applyOptionsSchema,
  firewallStatusSchema,
  listenersSchema,
  rulesHashSchema,
  trialSchema,
} from "./answers.ts";

export const firewallMembers = {
  Firewall: {
    description:
      "Whether the declared packet filter is loaded as it was confirmed, what differs, and what its counters counted.",
    in: [],
    out: document("firewall", firewallStatusSchema, "The packet filter as it stands."),
    action: "read",
  },
  ApplyFirewall: {
    description:
      "Load the declared rules in one transaction. Always needs a second person. Unless the same person confirms them in time, the rules of before come back by themselves, also when the agent or the machine ends meanwhile.",
    in: [
      text("policy", rulesHashSchema, "SHA-256 of the declared rules, as Firewall tells it."),
      document("options", applyOptionsSchema, "How long to wait."),
    ],
    out: document("trial", trialSchema, "Until when they are to be confirmed."),
    action: "firewall",
    changes: true,
    approvals: 1,
    object: "policy",
  },
  ConfirmFirewall: {
    description:
      "Keep the rules that were loaded, from a session that works under them, also after a restart. Only who loaded them can.",
    in: [text("policy", rulesHashSchema, "SHA-256 of the rules.")],
    out: document("firewall", firewallStatusSchema, "The packet filter as it stands then."),
    action: "firewall",
    changes: true,
    object: "policy",
  },
  Listeners: {
    description:
      "Every socket that waits for somebody, its process, and from where the rules let it be reached.",
    in: [],
    out: document("listeners", listenersSchema, "What listens, the most reachable first."),
    action: "read",
  },
  AirGap: {
    description:
      "What left this node, by the counters of the firewall: since the last statement, and the statements that are filed hourly.",
    in: [],
    out: document("airgap", airGapSchema, "The statements."),
    action: "read",
  },
} as const satisfies Record<string, Method>;
