/** Which differences may give somebody a right that he had not. In doubt it is one. */
import type { DifferenceRow } from "./answers.ts";

/** Rules that give nothing: they say what is written to the audit log. */
const silent = /^(dontaudit|auditallow|auditallowxperm|dontauditxperm) /;

export function weakening(
  section: DifferenceRow["section"],
  change: DifferenceRow["change"],
  key: string,
): boolean {
  const added = change === "added";
  switch (section) {
    case "rules":
      // Where a rule names ioctls, those that it does not name are refused: to take it away gives.
      return !silent.test(key) && (added || key.startsWith("allowxperm "));
    case "members":
    case "permissive":
    case "roles":
      return added;
    case "constraints":
      // It only takes rights away, so a changed one is one that is gone, and another.
      return !added;
    case "transitions":
    case "labels":
    case "policy":
      return true;
    case "types":
      // Another name for a type, or a bound that is gone.
      return key.startsWith("typealias ") ? added : key.startsWith("typebounds ") && !added;
    default:
      return false;
  }
}
