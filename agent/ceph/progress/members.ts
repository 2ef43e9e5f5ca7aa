/** Members of the contract about recovery and scrubs. Imports nothing from node:. */
import { document, type Method } from "../../bus/contract.ts";
import { progressSchema } from "./answers.ts";

export const progressMembers = {
  Progress: {
    description:
      "What the cluster repairs and moves now and how far it is, by pool and at which pace; which scrubs are late; what holds them up; and which daemons run an older version.",
    in: [],
    out: document("progress", progressSchema, "How far it is."),
    action: "read",
  },
} as const satisfies Record<string, Method>;
