/** `dsecos audit follow`. Imports nothing from node:. */
import { document, type Interface } from "../bus/contract.ts";
import { auditEntrySchema } from "./entry.ts";
import { auditConditionsSchema } from "./filter.ts";

export const auditFollow = {
  name: "org.dsecos.AuditFollow1",
  subsystem: "audit",
  description: "What comes on record, as it comes.",
  path: "",
  actions: {},
  methods: {
    Follow: {
      description:
        "Print what comes on record, as it comes: of the whole log for auditors, of one tenant where it is named, else one's own acts. With --json one document a line. Ctrl-C ends it.",
      in: [document("filter", auditConditionsSchema, "Which entries.")],
      out: document("entry", auditEntrySchema, "An entry."),
      action: "",
    },
  },
  signals: {},
} as const satisfies Interface;
