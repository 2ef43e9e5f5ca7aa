/** Members of the contract about where data is. Imports nothing from node:. */
import { document, type Method } from "../../bus/contract.ts";
import { residencySchema } from "./answers.ts";
import { mapMembers } from "./map/members.ts";

export const residencyMembers = {
  Residency: {
    description:
      "Whether data of each pool in the map of jurisdictions stays where it must: by what its rule could ever choose, by where copies are or may be, and by what is sent elsewhere. It is proved every minute and when the cluster's health changes; a verdict that changed is on record.",
    in: [],
    out: document("residency", residencySchema, "The newest proof."),
    action: "read",
  },
  ...mapMembers,
} as const satisfies Record<string, Method>;
