/** What we keep of a tenant in its Incus project, as JSON in `user.dsecos.*` keys. */
import * as v from "valibot";
import { tenantSpecSchema, tenantStates } from "./contract.ts";

export const tenantKey = "user.dsecos.tenant";
export const stateKey = "user.dsecos.state";
/** Followed by the job's id: a bulk job that goes on after a restart of the agent. */
export const jobKeyPrefix = "user.dsecos.job.";

const recordSchema = v.object({
  version: v.literal(1),
  ...tenantSpecSchema.entries,
  createdAt: v.string(),
  createdBy: v.string(),
});

/** What a person declared, when and who. */
export type TenantRecord = v.InferOutput<typeof recordSchema>;

const stateSchema = v.object({
  state: v.picklist(tenantStates),
  since: v.string(),
  by: v.string(),
  uid: v.optional(v.number(), 0),
  /** While deleting: when the grace period ends, and whether contents go too. */
  deleteAt: v.optional(v.string()),
  removeContents: v.optional(v.boolean()),
  /** While deleting: the state to go back to. */
  was: v.optional(v.picklist(tenantStates)),
  /** Instances that were frozen by hand before, which a resume leaves frozen. */
  keepFrozen: v.optional(v.array(v.string())),
  /** True until all instances are thawed after a resume. */
  thawing: v.optional(v.boolean()),
});

export type StateRecord = v.InferOutput<typeof stateSchema>;

const pendingJobSchema = v.object({
  kind: v.literal("instances.Create"),
  title: v.string(),
  /** First part of the instances' names. */
  name: v.string(),
  spec: v.unknown(),
  actor: v.string(),
  uid: v.number(),
  startedAt: v.string(),
  /** Node whose agent does it, so that others of a cluster leave it alone. */
  node: v.string(),
});

/** A bulk job as it was asked for. */
export type PendingJob = v.InferOutput<typeof pendingJobSchema>;

function parse<T>(schema: v.GenericSchema<unknown, T>, text: string): T | undefined {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    return undefined; // The caller reports the whole key as unreadable.
  }
  const result = v.safeParse(schema, value);
  return result.success ? result.output : undefined;
}

/** @returns undefined when the text is not a record that we wrote. */
export const parseRecord = (text: string) => parse(recordSchema, text);
export const parseState = (text: string) => parse(stateSchema, text);
export const parsePendingJob = (text: string) => parse(pendingJobSchema, text);
