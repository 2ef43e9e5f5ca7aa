/** Members of the contract about keys of the cluster. Imports nothing from node:. */
import { document, type Method } from "../../bus/contract.ts";
import { keyringFilterSchema, keyringsPageSchema } from "./answers.ts";

export const keyringMembers = {
  Keyrings: {
    description:
      "Who has a key of the cluster and what each allows, in words: which are as strong as the admin's, and which reach tenants' data. The keys themselves never reach the agent.",
    in: [document("filter", keyringFilterSchema, "Which keys, and in which order.")],
    out: document("keyrings", keyringsPageSchema, "A page of holders with their capabilities."),
    action: "read",
  },
} as const satisfies Record<string, Method>;
