/** What the agent answers about the cluster. Imports nothing from node:, since the pages use it too. */
import * as v from "valibot";
import { timeSchema } from "../bus/fields.ts";
import { verdicts } from "../node/contract.ts";
import { factsSchema } from "./facts/schema.ts";

const described = <T>(schema: v.GenericSchema<unknown, T>, description: string) =>
  v.pipe(schema, v.description(description));

/**
 * `own`: the node that answers. `fresh`: it publishes. `silent`: it did, and stopped. `none`: it has
 * published nothing. `unreadable`: what it published is not what an agent writes.
 */
export const nodeStates = ["own", "fresh", "silent", "none", "unreadable"] as const;

/**
 * `own`: of the node that answers. `witnessed`: it goes on from what was seen last. `unproven`: it is
 * larger, and does not show yet that it goes on. `rollback`: it is smaller than it was. `fork`: it is
 * another log under the same key, or does not show for two publications that it goes on. `key`: another
 * key signs it. `unsigned`: its key did not sign it. `none`: none is published. `unreadable`: as above.
 */
export const logStates = [
  ...["own", "witnessed", "unproven", "rollback", "fork", "key", "unsigned", "none", "unreadable"],
] as const;

export const clusterNodeSchema = v.object({
  name: v.string(),
  state: described(v.picklist(nodeStates), "Whether it is heard of."),
  verdict: described(
    v.picklist(verdicts),
    "The worst of it; unknown for a node that is not heard of, never good.",
  ),
  ageSeconds: described(
    v.nullable(v.number()),
    "Since when it was heard of, by this node's clock; null where it never was.",
  ),
  incus: described(
    v.picklist(["online", "offline", "pending", "evacuated", "alone", "unknown"]),
    "As Incus has the member; alone where there is no cluster.",
  ),
  log: v.object({
    state: described(v.picklist(logStates), "What this node found of its audit log."),
    size: described(v.number(), "Events in what it shows."),
    seen: described(v.number(), "Events that this node has witnessed."),
    text: described(v.string(), "What is wrong and what to do; empty where nothing is."),
  }),
  clockOffSeconds: described(
    v.nullable(v.number()),
    "How far its clock is ahead of this node's at least; null where it was not heard of.",
  ),
  text: described(v.string(), "The worst thing in a sentence, and what to do; empty when good."),
  found: described(
    v.array(
      v.object({
        about: v.picklist(["presence", "log", "clock"]),
        verdict: v.picklist(verdicts),
        text: v.string(),
      }),
    ),
    "What this node found wrong with it, beside what it says of itself; empty where nothing is.",
  ),
  address: described(v.string(), "HOST:PORT of its Incus; empty where there is no cluster."),
  facts: described(
    v.nullable(factsSchema),
    "What it last said of itself; null where there is nothing, or nothing that can be read.",
  ),
});
export type ClusterNode = v.InferOutput<typeof clusterNodeSchema>;

export const clusterStatusSchema = v.object({
  at: timeSchema,
  node: described(v.string(), "Name of the node that answers."),
  state: described(
    v.picklist(["cluster", "alone", "noIncus"]),
    "alone: Incus is in no cluster, so this node is all of it.",
  ),
  trouble: described(
    v.string(),
    "Why the cluster could not be read or written, and what to do; empty when it could.",
  ),
  publishedAt: described(
    v.union([v.literal(""), timeSchema]),
    "When this node last told the others; empty where it never did, or there are none.",
  ),
  witnesses: described(
    v.array(v.object({ node: v.string(), size: v.number(), at: timeSchema, fits: v.boolean() })),
    "Which nodes have signed this node's audit log, up to which event; fits is false where that is not this log.",
  ),
  nodes: v.array(clusterNodeSchema),
});
export type ClusterStatus = v.InferOutput<typeof clusterStatusSchema>;
