/** Members of the contract about what WORM volumes hold until when. Imports nothing from node:. */
import { document, type Method } from "../../../bus/contract.ts";
import { retentionFilterSchema, retentionSchema } from "./answers.ts";

export const retentionMembers = {
  Retention: {
    description:
      "Of each WORM volume, how much can be deleted when: of a bucket by what it was asked for, with how much of it was looked at, of a file volume by its snapshots; and how long copies of the audit log are held. What takes longer than some seconds goes on; ask again.",
    in: [document("filter", retentionFilterSchema, "Which volumes.")],
    out: document("retention", retentionSchema, "What is held until when."),
    action: "read",
  },
} as const satisfies Record<string, Method>;
