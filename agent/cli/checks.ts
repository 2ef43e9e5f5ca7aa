/** Checks of a node with all that they say, worst first; as a table they would be cut. */
import type { Check } from "../node/contract.ts";
import { cellText } from "./cells.ts";
import type { Screen } from "./table.ts";
import { oneLine, pad, painted, wrap } from "./text.ts";

const order: readonly Check["verdict"][] = ["bad", "warning", "unknown", "good"];
/** Of the longest verdict, and of what stands before a line. */
const left = 9;

export function checksText(checks: readonly Check[], screen: Screen): string[] {
  const sorted = [...checks].sort(
    (one, other) => order.indexOf(one.verdict) - order.indexOf(other.verdict),
  );
  const counts = order.map((verdict) => {
    const { length } = checks.filter((check) => check.verdict === verdict);
    return `${length} ${verdict}`;
  });
  return [...sorted.flatMap((check) => [...checkText(check, screen), ""]), `${counts.join(", ")}.`];
}

function checkText(check: Check, screen: Screen): string[] {
  const { verdict, title, id, fact, why, remedy, how, command, checkedAt } = check;
  const named = (name: string, text: string, whole = false): string[] => {
    // A command or a path that is broken in two cannot be copied.
    const lines = whole ? [oneLine(text)] : wrap(oneLine(text), Math.max(24, screen.width - left));
    return lines.map((line, index) => pad(index === 0 ? name : "", left) + line);
  };
  return [
    `${painted(pad(verdict, left), screen.colour)}${oneLine(title)} (${oneLine(id)})`,
    ...named("", fact),
    ...named("why", why),
    ...(remedy === "" ? [] : named("do", remedy)),
    ...how.flatMap(({ from, read }, index) =>
      named(index === 0 ? "read" : "", `${from}: ${read}`, true),
    ),
    ...named("ask", command, true),
    ...named("at", cellText("at", checkedAt)),
  ];
}
