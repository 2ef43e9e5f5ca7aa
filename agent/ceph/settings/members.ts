/** Members of the contract about settings of the cluster. Imports nothing from node:. */
import { document, type Method } from "../../bus/contract.ts";
import { settingFilterSchema, settingsPageSchema } from "./answers.ts";

export const settingMembers = {
  Settings: {
    description:
      "Settings of the cluster and of its daemons that differ from Ceph's defaults: value, where it comes from, what it is for, and which of them weaken security. What may be a secret is not shown.",
    in: [document("filter", settingFilterSchema, "Which settings, and in which order.")],
    out: document("settings", settingsPageSchema, "A page of settings."),
    action: "read",
  },
} as const satisfies Record<string, Method>;
