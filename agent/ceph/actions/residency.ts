/** Whether data still stays in its jurisdictions after a change. */
import { breaches } from "../residency/gate.ts";
import { demandsOf, type JurisdictionMap } from "../residency/map/document.ts";
import type { Change, Prediction } from "./answers.ts";
import type { Dumps } from "./apply.ts";

/** The signed map that holds, or why there is none. */
export type Jurisdictions = { map: JurisdictionMap } | { none: string };

const bytes = (value: unknown) => Buffer.from(JSON.stringify(value));

export function residencyOf(
  { osdmap, crush }: Dumps,
  { what, pool = "", rule = "", bucket = "", to = "" }: Change,
  jurisdictions: Jurisdictions,
): Prediction["residency"] {
  if (what !== "rule" && what !== "move") {
    const reason = "Weights and what is in or out change nothing of which OSDs rules may choose.";
    return { verdict: "holds", reasons: [reason] };
  }
  if ("none" in jurisdictions) return { verdict: "unknown", reasons: [jurisdictions.none] };
  const { map } = jurisdictions;
  if (what === "rule" && !map.pools.some(({ name }) => name === pool)) {
    const reason = `The map of jurisdictions does not say where data of ${pool} must stay.`;
    return { verdict: "unknown", reasons: [reason] };
  }
  const change =
    what === "rule"
      ? ({ act: "ruleOfPool", pool, rule } as const)
      : ({ act: "move", item: bucket, into: to } as const);
  const evidence = { osdmap: bytes(osdmap), crush: bytes(crush) };
  const reasons = breaches(evidence, map, demandsOf(map), [change]);
  return { verdict: reasons.length > 0 ? "breaks" : "holds", reasons: reasons.slice(0, 20) };
}
