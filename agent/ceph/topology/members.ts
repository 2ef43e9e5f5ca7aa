/** Members of the contract about where OSDs are. Imports nothing from node:. */
import { document, type Method } from "../../bus/contract.ts";
import { topologyFilterSchema, topologyPageSchema } from "./answers.ts";

export const topologyMembers = {
  Topology: {
    description:
      "Regions, sites, hosts and OSDs as the CRUSH map has them, a page at a time from the root down: state, weight, use, latency and placement groups of each.",
    in: [document("filter", topologyFilterSchema, "Which part, and how far down.")],
    out: document("topology", topologyPageSchema, "A page of the tree."),
    action: "read",
  },
} as const satisfies Record<string, Method>;
