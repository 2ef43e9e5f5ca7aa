/** Members of the contract about key ceremonies. Imports nothing from node:. */
import * as v from "valibot";
import { hashSchema } from "../../approvals/contract.ts";
import { document, flag, type Method, text } from "../../bus/contract.ts";
import { identifierSchema, lineSchema } from "../../bus/fields.ts";
import {
  ceremonyOptionsSchema,
  ceremonyRecordSchema,
  ceremonyRowSchema,
  ceremonySchema,
  scriptNameSchema,
  scriptSchema,
  stepNameSchema,
} from "./answers.ts";

const ceremony = text("ceremony", identifierSchema, "Id of the ceremony.");
const shown = document("ceremony", ceremonySchema, "The ceremony.");

export const ceremonyMembers = {
  CeremonyScripts: {
    description: "The scripts of key ceremonies: steps that are fixed beforehand, with their hash.",
    in: [],
    out: document("scripts", v.array(scriptSchema), "The scripts."),
    action: "read",
  },
  Ceremonies: {
    description: "Key ceremonies on record, newest first.",
    in: [],
    out: document("ceremonies", v.array(ceremonyRowSchema), "The ceremonies."),
    action: "read",
  },
  Ceremony: {
    description: "One key ceremony: its steps, who confirmed them, and what was read back.",
    in: [ceremony],
    out: shown,
    action: "read",
  },
  StartCeremony: {
    description:
      "Begin a key ceremony, or a rehearsal of one on the rehearsal token. Nothing is done before two people have confirmed a step.",
    in: [
      text("script", scriptNameSchema, "Name of the script, for example authority-root."),
      document("options", ceremonyOptionsSchema, "What it is about, where the script needs that."),
      flag("rehearsal", "True for a rehearsal."),
    ],
    out: shown,
    action: "ceremony",
    changes: true,
    tenant: "options.tenant",
    object: "script",
    timeoutSeconds: 60,
  },
  ConfirmStep: {
    description:
      "Confirm the step that is open, as it was read. Each step takes two different officers; with the second the node carries it out.",
    in: [
      ceremony,
      text("step", stepNameSchema, "Name of the step, for example opening."),
      text("hash", hashSchema, "Hash of the open step, as it was read."),
    ],
    out: shown,
    action: "ceremony",
    changes: true,
    object: "ceremony",
    timeoutSeconds: 180,
  },
  AbortCeremony: {
    description: "End a ceremony for good before it is complete; keys that it made are destroyed.",
    in: [ceremony, text("reason", lineSchema(500), "Why, for the record.")],
    out: shown,
    action: "ceremony",
    changes: true,
    object: "ceremony",
    timeoutSeconds: 180,
  },
  CeremonyRecord: {
    description:
      "The record of a ceremony that is complete, signed in the token, and how to verify it without this node.",
    in: [ceremony],
    out: document("signed", ceremonyRecordSchema, "Record, signature and public key."),
    action: "read",
  },
} as const satisfies Record<string, Method>;
