/** Members of the contract about the policy's settings. Imports nothing from node:. */
import { document, flag, type Method, text } from "../../bus/contract.ts";
import { identifierSchema } from "../../bus/fields.ts";
import {
  booleanEffectSchema,
  booleanNameSchema,
  settingsSchema,
  slotFilterSchema,
  slotPageSchema,
} from "./answers.ts";

const boolean = text("boolean", booleanNameSchema, "Name of the boolean.");

export const settingMembers = {
  Settings: {
    description:
      "Booleans, people, ports, modules and sizes of the loaded policy; where SELinux is off, of the one on disk.",
    in: [],
    out: document("settings", settingsSchema, "What was found."),
    action: "read",
  },
  BooleanEffect: {
    description: "What a boolean would open and close, before it is set.",
    in: [boolean, flag("value", "What it would be set to.")],
    out: document("effect", booleanEffectSchema, "The rules that would begin or cease to hold."),
    action: "read",
  },
  SetBoolean: {
    description:
      "Set a boolean until the next start. The policy is proved before and after, and the boolean is set back where that fails.",
    in: [boolean, flag("value", "What it is set to.")],
    out: text("job", identifierSchema, "Id of the job."),
    action: "settings",
    changes: true,
    approvals: 1,
    job: true,
    object: "boolean",
  },
  Tenants: {
    description:
      "Slots of the loaded policy: who has each, its types, what runs in its domains and what of it is mislabelled.",
    in: [document("filter", slotFilterSchema, "Which slots, and in which order.")],
    out: document("slots", slotPageSchema, "A page of slots."),
    action: "read",
  },
} as const satisfies Record<string, Method>;
