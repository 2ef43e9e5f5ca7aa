/** The member of org.dsecos.Cluster1 about what changed. Imports nothing from node:. */
import { document, type Method } from "../../bus/contract.ts";
import { historyFilterSchema, historySchema } from "./answers.ts";

export const historyMembers = {
  History: {
    description:
      "What changed on all nodes since the agent of this one started, and their load over the last hour.",
    in: [document("filter", historyFilterSchema, "Which of the changes are wanted.")],
    out: document("history", historySchema, "The changes, newest first, and the figures."),
    action: "read",
  },
} as const satisfies Record<string, Method>;
