/** Members of the contract about encryption. Imports nothing from node:. */
import { document, type Method } from "../../bus/contract.ts";
import { encryptionFilterSchema, encryptionSchema } from "./answers.ts";

export const encryptionMembers = {
  Encryption: {
    description:
      "What is encrypted at rest and in flight, daemon by daemon, what is not, and what could not be checked.",
    in: [document("filter", encryptionFilterSchema, "Which daemons.")],
    out: document("encryption", encryptionSchema, "Counts, findings and a page of daemons."),
    action: "read",
  },
} as const satisfies Record<string, Method>;
