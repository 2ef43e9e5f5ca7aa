/** What is answered about residency. Imports nothing from node:. */
import * as v from "valibot";
import { verdictSchema } from "./verdict.ts";

export const residencySchema = v.object({
  /**
   * - `never`: it was not proved since the agent started
   * - `failed`: it could not be proved, for the reason in `error`; nothing is proven then
   * - `proved`: what the verdict says
   */
  state: v.picklist(["never", "failed", "proved"]),
  /** When, as an ISO time; empty for `never`. */
  at: v.string(),
  error: v.string(),
  /** Serial number of the map of jurisdictions; 0 where there is none. */
  map: v.number(),
  verdict: v.nullable(verdictSchema),
});
export type Residency = v.InferOutput<typeof residencySchema>;

export const neverProved: Residency = { state: "never", at: "", error: "", map: 0, verdict: null };
