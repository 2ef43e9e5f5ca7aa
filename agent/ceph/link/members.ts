/** Members of the contract about the link to Ceph. Imports nothing from node:. */
import { document, type Method } from "../../bus/contract.ts";
import { cephStatusSchema } from "./answers.ts";

export const linkMembers = {
  Status: {
    description:
      "Whether the agent reaches the Ceph cluster, and what to do where it does not, and which of its daemons do not answer; answered at once, whatever the cluster does.",
    in: [],
    out: document("status", cephStatusSchema, "State of the link."),
    action: "read",
  },
} as const satisfies Record<string, Method>;
