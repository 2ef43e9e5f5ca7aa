/** The members of org.dsecos.Selinux1 for building, loading and comparing policies. */
import { document, type Method, text } from "../../bus/contract.ts";
import { identifierSchema } from "../../bus/fields.ts";
import {
  compareFilterSchema,
  comparisonSchema,
  loadOptionsSchema,
  originSchema,
  policiesFilterSchema,
  policiesSchema,
  policyHashSchema,
  policyNameSchema,
} from "./answers.ts";

export const loadMembers = {
  Build: {
    description:
      "Build a policy for the tenants that there are, with spare slots, and prove it twice: by the compiler and by our own reader. Only what both prove is signed and kept; nothing is loaded.",
    in: [],
    out: text("job", identifierSchema, "Id of the job."),
    action: "build",
    changes: true,
    job: true,
  },
  Load: {
    description:
      "Load a policy that was built, once its signature, its bytes and its proof hold. Always needs a second person. Unless the same person confirms it in time, the policy of before comes back by itself; where SELinux is off it is installed for the next start.",
    in: [
      text("policy", policyHashSchema, "SHA-256 of the policy."),
      document("options", loadOptionsSchema, "How long to wait."),
    ],
    out: text("job", identifierSchema, "Id of the job."),
    action: "load",
    changes: true,
    approvals: 1,
    job: true,
    object: "policy",
    timeoutSeconds: 60,
  },
  Confirm: {
    description:
      "Keep the policy that was loaded, from a session that works under it. Only who loaded it can.",
    in: [text("policy", policyHashSchema, "SHA-256 of the policy.")],
    out: document("origin", originSchema, "Where the loaded policy comes from now."),
    action: "load",
    changes: true,
    object: "policy",
    timeoutSeconds: 60,
  },
  Policies: {
    description:
      "Every policy that was built, newest first: what was proved of it, who built, loaded and confirmed it, and when one was rolled back.",
    in: [document("filter", policiesFilterSchema, "Which page.")],
    out: document("policies", policiesSchema, "A page of them."),
    action: "read",
  },
  Compare: {
    description:
      "What a policy has that another has not, rule by rule, and whether that gives more rights. Slots like those of before count as a slot each.",
    in: [
      text("before", policyNameSchema, "SHA-256 of a policy, or loaded."),
      text("after", policyNameSchema, "SHA-256 of the policy to look at, or loaded."),
      document("filter", compareFilterSchema, "Which differences."),
    ],
    out: document("comparison", comparisonSchema, "What differs."),
    action: "read",
    timeoutSeconds: 60,
  },
} as const satisfies Record<string, Method>;
