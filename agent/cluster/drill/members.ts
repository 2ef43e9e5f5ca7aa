/** The members of org.dsecos.Cluster1 about drills. Imports nothing from node:. */
import * as v from "valibot";
import { document, type Method, text } from "../../bus/contract.ts";
import { memberNameSchema } from "../members/names.ts";
import { drillFilterSchema, drillSpecSchema, drillsSchema } from "./answers.ts";

export const drillMembers = {
  Drill: {
    description:
      "Take this node away on purpose, within a maintenance window, measure at every node for how long services are gone, bring it back and file what was found. Always needs a second person. It comes back by itself, also when the agent ends meanwhile.",
    in: [
      text("node", memberNameSchema, "Name of this node, which goes away."),
      document("spec", drillSpecSchema, "What goes away, and for how long."),
    ],
    out: text("job", v.string(), "Id of the job."),
    action: "drill",
    object: "node",
    changes: true,
    approvals: 1,
    job: true,
  },
  Drills: {
    description:
      "Drills of this node on record, for how long services were gone in all of them, and when one may be held.",
    in: [document("filter", drillFilterSchema, "Which of the drills on record are wanted.")],
    out: document("drills", drillsSchema, "The drills."),
    action: "read",
  },
} as const satisfies Record<string, Method>;
