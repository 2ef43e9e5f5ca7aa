import type { Check } from "../../../node/contract.ts";
import { type Found, unknown, warning } from "./check.ts";

/** What the node's own checks say, as what joins a cluster is told: it weakens the others, and hinders nothing. */
export function posture(id: string, checks: readonly Check[]): Found {
  const found = checks.find((check) => check.id === id);
  if (found === undefined) return unknown("This was not checked.", "See: dsecos node check");
  const { verdict, fact, remedy } = found;
  return verdict === "bad" ? warning(fact, remedy) : { verdict, fact, remedy };
}
