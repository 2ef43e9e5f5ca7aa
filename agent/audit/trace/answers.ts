/** Where a tenant's data goes. Imports nothing from node:, since the pages use it too. */
import * as v from "valibot";
import { timeSchema } from "../../bus/fields.ts";
import { tenantNameSchema } from "../../tenants/names.ts";

const described = <T>(schema: v.GenericSchema<unknown, T>, description: string) =>
  v.pipe(schema, v.description(description));

export const traceQuestionSchema = v.strictObject({
  agency: v.pipe(tenantNameSchema, v.description("The tenant, for example mod-defense")),
  dataflow: v.optional(
    v.pipe(v.boolean(), v.description("Every path that its data takes or could take")),
    false,
  ),
});

export const pathKinds = [
  "placement",
  "storage",
  "volume",
  "key",
  "network",
  "device",
  "mirror",
  "exchange",
  "export",
  "record",
] as const;

export const dataPathSchema = v.object({
  kind: v.picklist(pathKinds),
  from: described(v.string(), "Where the data is, for example instance web."),
  to: described(
    v.string(),
    "Where it goes or could go, for example storage pool default on node1.",
  ),
  jurisdiction: described(v.string(), "Two letters, or empty where it is not known."),
  state: described(
    v.picklist(["taken", "possible", "unknown"]),
    "taken: data is there or goes there now; possible: nothing stands against it; unknown: nobody can tell yet.",
  ),
  evidence: described(v.string(), "What shows it, in a sentence."),
  command: described(v.string(), "What a sceptic runs to see the same; empty where there is none."),
});

export type DataPath = v.InferOutput<typeof dataPathSchema>;

export const traceSchema = v.object({
  agency: v.string(),
  at: described(timeSchema, "When it was looked at."),
  jurisdiction: described(v.string(), "Where the tenant's data must stay."),
  shown: described(
    v.boolean(),
    "True only when every path is known and ends in the tenant's jurisdiction.",
  ),
  verdict: described(v.string(), "For example: All paths: UK-only."),
  paths: described(v.array(dataPathSchema), "Empty unless the data flow was asked for."),
  trail: described(
    v.array(v.object({ action: v.string(), count: v.number() })),
    "What the record tells of the tenant over the whole retention, most frequent first.",
  ),
});

export type Trace = v.InferOutput<typeof traceSchema>;
