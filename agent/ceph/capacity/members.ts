/** Members of the contract about room in the cluster. Imports nothing from node:. */
import { document, type Method } from "../../bus/contract.ts";
import { capacityFilterSchema, capacitySchema } from "./answers.ts";

export const capacityMembers = {
  Capacity: {
    description:
      "How full the cluster and its pools are, in how many days it will be full, and what would be if its largest region, site or host were lost.",
    in: [document("filter", capacityFilterSchema, "Which pools, and in which order.")],
    out: document("capacity", capacitySchema, "Room in all, and a page of pools."),
    action: "read",
  },
} as const satisfies Record<string, Method>;
