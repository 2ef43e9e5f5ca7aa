/** Members of the contract about the measured start. Imports nothing from node:. */
import { document, type Method, text } from "../../bus/contract.ts";
import { reasonSchema } from "../../hsm/keys/answers.ts";
import { bootHashSchema, bootReportSchema } from "./answers.ts";

export const bootMembers = {
  Boot: {
    description:
      "What firmware, boot loader and kernel measured at the start, beside the TPM's registers and the start that was accepted.",
    in: [],
    out: document("boot", bootReportSchema, "Registers and measurements."),
    action: "read",
  },
  AcceptBoot: {
    description:
      "Take what was measured at this start for the expected one, after an update for example.",
    in: [
      text("hash", bootHashSchema, "Hash of the registers that are meant, from Boot."),
      text("reason", reasonSchema, "Why, for the record."),
    ],
    out: document("boot", bootReportSchema, "Registers and measurements."),
    action: "boot",
    changes: true,
    approvals: 1,
    object: "hash",
  },
} as const satisfies Record<string, Method>;
