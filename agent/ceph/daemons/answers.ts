/** What the agent says of daemons that it knocks at itself. Imports nothing from node:. */
import * as v from "valibot";
import { timeSchema } from "../../bus/fields.ts";

export const daemonKinds = ["mon", "mgr", "mds", "osd"] as const;

/**
 * `silent`: it takes connections and says nothing, so it hangs. `refuses`: nothing listens at its
 * address. `unreached`: no connection comes about, and there was one before.
 */
export const silences = ["silent", "refuses", "unreached"] as const;
export type Silence = (typeof silences)[number];

export const silentDaemonSchema = v.object({
  daemon: v.pipe(v.string(), v.description("For example osd.3")),
  kind: v.picklist(daemonKinds),
  /** Empty where it is not known. */
  host: v.string(),
  how: v.picklist(silences),
  since: timeSchema,
  title: v.string(),
  cause: v.string(),
  risk: v.string(),
  remedy: v.string(),
  command: v.string(),
});
export type SilentDaemon = v.InferOutput<typeof silentDaemonSchema>;

export const knocksSchema = v.object({
  /** Of those that the cluster's maps call up. */
  daemons: v.number(),
  /** Of them, those that were knocked at since somebody looks. */
  tried: v.number(),
  answering: v.number(),
  /** Those that do not answer though the cluster may still count on them, monitors first. */
  silent: v.array(silentDaemonSchema),
});
export type Knocks = v.InferOutput<typeof knocksSchema>;
