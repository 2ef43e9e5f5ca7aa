/** Members of the contract about labels. Imports nothing from node:. */
import { document, type Method, text, texts } from "../../bus/contract.ts";
import { identifierSchema } from "../../bus/fields.ts";
import { labelFilterSchema, labelReportSchema, pathSchema } from "./answers.ts";

export const labelMembers = {
  Labels: {
    description:
      "Check that every process runs in the domain it belongs in, and of the files of every tenant and of the host's guarded places whether they are labelled right. What was found is in LabelReport and on record.",
    in: [],
    out: text("job", identifierSchema, "Id of the job."),
    action: "labels",
    recorded: true,
    job: true,
  },
  LabelReport: {
    description: "The newest check of labels: its figures, and mislabelled files a page at a time.",
    in: [document("filter", labelFilterSchema, "Which files.")],
    out: document("report", labelReportSchema, "What was found."),
    action: "labels",
  },
  Restore: {
    description:
      "Give files the type that the policy says, as restorecon does. Files of tenants' pools and of guarded places only; what each had before is on record.",
    in: [
      texts(
        "paths",
        pathSchema,
        "Paths as the report names them, for example /etc/selinux/config.",
      ),
    ],
    out: text("job", identifierSchema, "Id of the job."),
    action: "restore",
    changes: true,
    job: true,
  },
} as const satisfies Record<string, Method>;
