import * as v from "valibot";
import { defineInterface, document, text } from "../bus/contract.ts";
import { cursorSchema, identifierSchema, limitSchema, pageOf, timeSchema } from "../bus/fields.ts";

export const jobStates = ["running", "succeeded", "failed", "cancelled"] as const;

export const jobSchema = v.object({
  id: identifierSchema,
  /** `<subsystem>.<Member>` that began it, for example `instances.Create`. */
  kind: v.string(),
  title: v.string(),
  tenant: v.optional(v.string()),
  actor: v.string(),
  state: v.picklist(jobStates),
  /** Steps done and in all; total is 0 while it is not known. */
  done: v.number(),
  total: v.number(),
  /** What is being done right now, in words. */
  step: v.string(),
  startedAt: timeSchema,
  endedAt: v.optional(timeSchema),
  /** Per object what came of it; only failures carry a message. */
  results: v.array(v.object({ object: v.string(), error: v.optional(v.string()) })),
  error: v.optional(v.string()),
  cancellable: v.boolean(),
});

export type JobRecord = v.InferOutput<typeof jobSchema>;

export const jobFilterSchema = v.strictObject({
  state: v.optional(v.picklist(jobStates)),
  tenant: v.optional(v.string()),
  cursor: v.optional(cursorSchema, ""),
  limit: v.optional(limitSchema, 100),
});

const everybody = ["viewer", "operator", "officer", "auditor"] as const;

export const jobs = defineInterface({
  name: "org.dsecos.Jobs1",
  subsystem: "jobs",
  description: "Work that takes longer than a second.",
  path: "/org/dsecos/jobs",
  actions: { read: { description: "See the jobs of this node", roles: everybody } },
  methods: {
    List: {
      description: "Jobs that run or ended lately, newest first.",
      in: [document("filter", jobFilterSchema, "Which jobs.")],
      out: document("jobs", pageOf(jobSchema), "A page of jobs."),
      action: "read",
    },
  },
  signals: {},
});

export const job = defineInterface({
  name: "org.dsecos.Job1",
  subsystem: "jobs",
  description: "One piece of work, with its progress and its result.",
  path: "/org/dsecos/jobs",
  object: text("job", identifierSchema, "Id of the job."),
  actions: {
    read: { description: "See the jobs of this node", roles: everybody },
    cancel: { description: "Cancel a running job", roles: ["operator", "officer"] },
  },
  methods: {
    Show: {
      description: "The job as it stands.",
      in: [],
      out: document("record", jobSchema, "The job."),
      action: "read",
    },
    Cancel: {
      description: "Ask the job to stop after the step it is in; what is done stays done.",
      in: [],
      out: document("record", jobSchema, "The job."),
      action: "cancel",
      changes: true,
      object: "job",
    },
  },
  signals: { Changed: document("record", jobSchema, "The job as it stands.") },
});
