/** Whether two states are the same, as their canonical JSON would tell and much sooner. */
import { canonical } from "../canonical.ts";
import type { State } from "./observer.ts";

/** Members that are undefined are none, as in JSON. */
export function sameState(a: State, b: State): boolean {
  return holds(a, b) && holds(b, a);
}

/** Whether all that `b` has is in `a` too. */
function holds(a: State, b: State): boolean {
  for (const name in b) {
    const [one, other] = [a[name], b[name]];
    if (one === other) continue;
    if (typeof one !== "object" || typeof other !== "object") return false;
    if (canonical(one) !== canonical(other)) return false;
  }
  return true;
}
