/** What changed on the nodes of a cluster, and the last hour of each as bars of a line's height. */
import type { Change, HistoryAnswer, Trend } from "../cluster/history/answers.ts";
import { cellText } from "./cells.ts";
import { type Screen, table } from "./table.ts";
import { oneLine } from "./text.ts";

const bars = "▁▂▃▄▅▆▇█";
const columns = ["at", "node", "what", "of", "before", "after", "times", "since"];

export function historyText(found: HistoryAnswer, screen: Screen): string[] {
  const { node, since, changes, total, next, forgotten, trends } = found;
  const began = `${cellText("since", since)}, when the agent of ${oneLine(node)} began to look`;
  return [
    ...(changes.length === 0
      ? [`Nothing changed since ${began}.`]
      : [`Since ${began}:`, "", ...table(changes.map(shown), columns, screen)]),
    ...(next === "" ? [] : ["", `${changes.length} of ${total}. More follow: --cursor ${next}`]),
    ...(forgotten === 0 ? [] : [`${forgotten} older ones were forgotten.`]),
    ...trends.flatMap(trendText),
  ];
}

function shown({ sequence: _sequence, since, ...change }: Change) {
  const isOne = change.times === 1;
  const texts = { before: change.before || "–", after: change.after || "–" };
  return { ...change, ...texts, times: isOne ? "" : change.times, since: isOne ? "" : since };
}

function trendText({ node, ...figures }: Trend): string[] {
  const lines = Object.entries(figures).map(([name, points]) => {
    const known = points.filter((point) => point !== null);
    const range = `${Math.min(...known)} to ${Math.max(...known)} %`;
    const line = points.map((point) => (point === null ? " " : bar(point))).join("");
    return `${name.padEnd(8)}${line}  ${known.length === 0 ? "not known" : range}`;
  });
  return ["", `${oneLine(node)}, the last hour:`, ...lines];
}

const bar = (share: number) => bars[Math.min(bars.length - 1, Math.floor((share * 8) / 100))];
