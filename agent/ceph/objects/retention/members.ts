/** Members of the contract about what buckets hold until when. Imports nothing from node:. */
import { document, type Method } from "../../../bus/contract.ts";
import { retentionFilterSchema, retentionSchema } from "./answers.ts";

export const retentionMembers = {
  Retention: {
    description:
      "Of each WORM bucket, how much can be deleted when, and how much of it was looked at. What takes longer than some seconds goes on; ask again.",
    in: [document("filter", retentionFilterSchema, "Which buckets.")],
    out: document("retention", retentionSchema, "What is held until when."),
    action: "read",
  },
} as const satisfies Record<string, Method>;
