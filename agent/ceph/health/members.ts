/** Members of the contract about the cluster's health. Imports nothing from node:. */
import { document, type Method } from "../../bus/contract.ts";
import { cephHealthSchema } from "./answers.ts";

export const healthMembers = {
  Health: {
    description:
      "What is wrong with the cluster: each health code with its cause, its risk and what to do; monitors, managers, OSDs, recovery and scrubs, versions and flags.",
    in: [],
    out: document("health", cephHealthSchema, "How the cluster is."),
    action: "read",
  },
} as const satisfies Record<string, Method>;
