/** Members of the contract about what is wrong. Imports nothing from node:. */
import { document, type Method, text } from "../../bus/contract.ts";
import { identifierSchema } from "../../bus/fields.ts";
import { hsmStatusSchema } from "./answers.ts";

export const watchMembers = {
  Status: {
    description:
      "What is wrong with drivers, tokens and keys, and what to do; and how much there is of each.",
    in: [],
    out: document("status", hsmStatusSchema, "How the subsystem is."),
    action: "read",
  },
  Reconcile: {
    description:
      "Compare the records of all keys with the tokens now, as is done at the start and every hour; what broke off is taken back or finished.",
    in: [],
    out: text("job", identifierSchema, "Id of the job."),
    action: "keys",
    changes: true,
    job: true,
  },
} as const satisfies Record<string, Method>;
