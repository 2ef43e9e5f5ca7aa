/** What is checked before a node forms or joins a cluster. Imports nothing from node:. */
import * as v from "valibot";
import { verdicts } from "../../node/contract.ts";

const text = (description: string) => v.pipe(v.string(), v.description(description));

export const joinCheckSchema = v.object({
  id: v.string(),
  title: v.string(),
  verdict: v.pipe(
    v.picklist(verdicts),
    v.description("Nothing is begun while one is bad; what is unknown or a warning is for people."),
  ),
  fact: text("What was found, in words."),
  remedy: text("What to do; empty when good."),
});

export type JoinCheck = v.InferOutput<typeof joinCheckSchema>;

export const joinChecksSchema = v.object({
  node: text("Name that the node would have in the cluster."),
  address: text("HOST:PORT that its Incus would listen on."),
  cluster: text("SHA-256 of the cluster's certificate; empty for a new cluster."),
  peer: text("HOST:PORT of the member that invites; empty for a new cluster."),
  ready: v.pipe(v.boolean(), v.description("Whether it can be begun: nothing is bad.")),
  checks: v.array(joinCheckSchema),
});

export type JoinChecks = v.InferOutput<typeof joinChecksSchema>;

export const addressHelp =
  "An address such as 10.1.0.2, with :PORT where it is not 8443, and [ ] around version 6 then.";

/** What it may be made of; the pages, which have to stay small, read no more out of it. */
export const addressSchema = v.pipe(v.string(), v.regex(/^[\da-fA-F.:[\]]{2,60}$/, addressHelp));

export const fingerprintSchema = v.pipe(
  v.string(),
  v.regex(/^[0-9a-f]{64}$/, "A certificate is named by its SHA-256: 64 characters of 0-9 and a-f."),
);

/** Of an invitation, in bytes. */
export const mostInvitation = 32 * 1024;
