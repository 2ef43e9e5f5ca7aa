/** Policies and the difference of two, for people. */
import type { BuiltPolicy, Comparison, Policies } from "../selinux/loads/answers.ts";
import { cellText, type Row } from "./cells.ts";
import { type Screen, table } from "./table.ts";
import { harmless } from "./text.ts";

type Slots = Comparison["slots"]["added"];

/** Not as a table: the name of a policy is no use where it is cut. */
export function policiesText({ rows, total, next }: Policies): string[] {
  if (rows.length === 0) return ["Nothing found."];
  const parts = rows.map(policyText);
  if (next !== "")
    parts.push([`More follow: --cursor ${harmless(next)}`, `${rows.length} of ${total}.`]);
  return parts.flatMap((lines, index) => (index === 0 ? lines : ["", ...lines]));
}

function policyText({ policy, state, problem, statement, events }: BuiltPolicy): string[] {
  const lines = events.map(({ event, at, actor, reason }) => {
    const why = reason === "" ? "" : `: ${reason}`;
    return `${cellText("at", at)}  ${event} by ${actor}${why}`;
  });
  if (statement !== null) {
    const { slots, node, counts, typeIds } = statement;
    lines.push(
      `${slots.count} slots, ${counts.allowRules} rules, ${typeIds.used} of ${typeIds.limit} ids, proved twice on ${node}`,
    );
  }
  if (problem !== "") lines.push(problem);
  return [`${policy}  ${state}`, ...lines.map((line) => `    ${harmless(line)}`)];
}

export function comparisonText(found: Comparison, screen: Screen): string[] {
  const { same, weakens, slots, counts, rows, total, next } = found;
  if (same) return ["Both say the same."];
  const summary = [
    ...weakens,
    ...(weakens.length === 0 ? ["It gives nobody more rights."] : []),
    ...slotLine("Slots more:", slots.added),
    ...slotLine("Slots less:", slots.removed),
  ];
  const parts = [summary];
  if (counts.length > 0) parts.push(table(counts as Row[], [], screen));
  if (rows.length > 0)
    parts.push(table(rows as Row[], ["change", "weakens", "section", "text"], screen));
  if (next !== "")
    parts.push([`More follow: --cursor ${harmless(next)}`, `${rows.length} of ${total}.`]);
  return parts.flatMap((lines, index) => (index === 0 ? lines : ["", ...lines]));
}

function slotLine(title: string, ranges: Slots): string[] {
  if (ranges.length === 0) return [];
  const words = ranges.map(([first, last]) => (first === last ? `${first}` : `${first}-${last}`));
  return [`${title} ${words.join(", ")}`];
}
