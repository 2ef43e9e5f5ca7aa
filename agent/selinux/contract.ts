import * as v from "valibot";
import { defineInterface, document, text } from "../bus/contract.ts";
import { identifierSchema } from "../bus/fields.ts";
import { explanationSchema, selinuxStatusSchema } from "./answers.ts";
import { denialFilterSchema, denialPageSchema } from "./denials/answers.ts";
import { labelMembers } from "./labels/members.ts";
import { loadMembers } from "./loads/members.ts";
import { settingMembers } from "./settings/members.ts";

const everybody = ["viewer", "operator", "officer", "auditor"] as const;

const nameSchema = v.pipe(
  v.string(),
  v.regex(/^[A-Za-z][\w.]{0,99}$/, "A name of the policy has letters, digits and underscores."),
);

export const selinux = defineInterface({
  name: "org.dsecos.Selinux1",
  subsystem: "selinux",
  description: "The policy that keeps tenants apart, and the proof that it does.",
  path: "/org/dsecos/selinux",
  actions: {
    read: { description: "See whether SELinux keeps tenants apart", roles: everybody },
    denials: {
      description: "See what SELinux refused",
      roles: ["operator", "officer", "auditor"],
    },
    prove: { description: "Prove the loaded policy anew", roles: ["officer", "auditor"] },
    settings: { description: "Set booleans of the policy", roles: ["officer"] },
    labels: {
      description: "Check the labels of processes and files",
      roles: ["operator", "officer", "auditor"],
    },
    build: { description: "Build and prove a policy", roles: ["officer"] },
    load: { description: "Load a policy that was built, and confirm it", roles: ["officer"] },
    restore: { description: "Restore labels of files", roles: ["officer"] },
  },
  methods: {
    Show: {
      description: "Mode now and at the next start, and the newest proof of the loaded policy.",
      in: [],
      out: document("status", selinuxStatusSchema, "What was found."),
      action: "read",
    },
    Prove: {
      description:
        "Prove from the policy that the kernel has loaded that no tenant reaches another. The verdict is in Show and on record.",
      in: [],
      out: text("job", identifierSchema, "Id of the job."),
      action: "prove",
      recorded: true,
      job: true,
    },
    Denials: {
      description:
        "What was denied since the agent started, those that are alike as one, newest first, each explained from the loaded policy. That it was read is recorded.",
      in: [document("filter", denialFilterSchema, "Which ones.")],
      out: document("denials", denialPageSchema, "A page of them."),
      action: "denials",
      recorded: true,
      continues: ["cursor", "limit"],
    },
    Why: {
      description: "Which rules of the loaded policy let one type act on another.",
      in: [
        text("source", nameSchema, "Type of the process, for example tenant0001_t."),
        text("target", nameSchema, "Type of what it acts on, for example tenant0002_vol_t."),
        text("class", nameSchema, "Class of what it acts on, for example file."),
      ],
      out: document("explanation", explanationSchema, "What the policy says."),
      action: "read",
    },
    ...settingMembers,
    ...labelMembers,
    ...loadMembers,
  },
  signals: {
    Changed: text(
      "state",
      v.string(),
      "State of the newest proof, or loaded where a policy was loaded, confirmed or taken back.",
    ),
  },
});
