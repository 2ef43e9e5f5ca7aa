/** What the agent answers about its link to Ceph. Imports nothing from node:. */
import * as v from "valibot";
import { timeSchema } from "../../bus/fields.ts";
import { knocksSchema } from "../daemons/answers.ts";
import { cephStates } from "./types.ts";

export const cephStatusSchema = v.object({
  state: v.pipe(
    v.picklist(cephStates),
    v.description("ready, or in a word why the cluster cannot be asked"),
  ),
  since: timeSchema,
  reason: v.pipe(
    v.string(),
    v.description(
      "What is wrong and what to do; empty when nothing is. With ready, that an upgrade is not over",
    ),
  ),
  version: v.pipe(v.string(), v.description("Of the monitors, once they said it")),
  fsid: v.pipe(v.string(), v.description("Of the cluster, once it is known")),
  knocks: v.pipe(
    knocksSchema,
    v.description("Daemons that this node knocks at from the first question on, while it is asked"),
  ),
});
export type CephReport = v.InferOutput<typeof cephStatusSchema>;
