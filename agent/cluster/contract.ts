import * as v from "valibot";
import { defineInterface, document, text } from "../bus/contract.ts";
import { lineSchema } from "../bus/fields.ts";
import { clusterStatusSchema } from "./answers.ts";
import { drillMembers } from "./drill/members.ts";
import { historyMembers } from "./history/members.ts";
import { joiningMembers } from "./joining/members.ts";
import { memberNameSchema } from "./members/names.ts";

const everybody = ["viewer", "operator", "officer", "auditor"] as const;

export const cluster = defineInterface({
  name: "org.dsecos.Cluster1",
  subsystem: "cluster",
  description: "All nodes of the cluster: what each says of itself, and whether its log goes on.",
  path: "/org/dsecos/cluster",
  actions: {
    read: { description: "See the state of all nodes", roles: everybody },
    witness: {
      description: "Decide which audit log of another node is its own",
      roles: ["officer"],
    },
    form: { description: "Form a cluster, and let nodes into it", roles: ["officer"] },
    drill: {
      description: "Take a node away for a drill, within a maintenance window",
      roles: ["officer"],
    },
  },
  methods: {
    Status: {
      description:
        "Every node with what it last said of itself, how old that is, and its audit log.",
      in: [],
      out: document("status", clusterStatusSchema, "The cluster as this node sees it."),
      action: "read",
    },
    AcknowledgeLog: {
      description:
        "Go on with the audit log of a node that was installed anew, or set back: what it shows next is its own.",
      in: [
        text("node", memberNameSchema, "Name of the node."),
        text("reason", lineSchema(500), "What happened, for the record."),
      ],
      out: text("state", v.string(), "What was found of the log that is given up."),
      action: "witness",
      object: "node",
      changes: true,
      approvals: 1,
    },
    ...joiningMembers,
    ...drillMembers,
    ...historyMembers,
  },
  signals: {
    Changed: text(
      "node",
      v.string(),
      "Name of a node of which something changed but its age and load.",
    ),
  },
});
