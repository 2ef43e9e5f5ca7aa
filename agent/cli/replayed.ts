/** What held at an instant, and what changed, a line for each fact. */
import type { Changes, Replay } from "../audit/replay/answers.ts";
import { cellText, flatten, heading } from "./cells.ts";
import { oneLine } from "./text.ts";

export function replayText({ at, known, since, objects }: Replay): string[] {
  if (!known) {
    return [
      `What held at ${at} is not known: the state was recorded whole for the first time later.`,
    ];
  }
  return [
    `${objects.length} things as they were at ${at}; all were recorded at ${since}.`,
    ...objects.flatMap(({ kind, name, state, sequence }) => [
      "",
      `${kind} ${oneLine(name)}  (entry ${sequence})`,
      ...[...flatten(state)].map(
        ([key, value]) => `  ${heading(key)}: ${cellText(key, value) || "none"}`,
      ),
    ]),
  ];
}

export function changesText({ rows, next }: Changes): string[] {
  if (rows.length === 0) return ["Nothing found."];
  const lines = rows.flatMap(({ entry, changed, cause }) => {
    const { sequence, time, actor, action, outcome, object, tenant } = entry;
    const about = object ?? tenant ?? "";
    const who = cause === null ? actor : `${actor}, after entry ${cause}`;
    return [
      `${sequence}  ${cellText("time", time)}  ${oneLine(`${action} ${about}`)}: ${outcome}  (${oneLine(who)})`,
      ...changed.map(
        ({ path, before, after }) => `    ${path}: ${worded(before)} → ${worded(after)}`,
      ),
    ];
  });
  return next === "" ? lines : [...lines, "", `More follow: --cursor ${next}`];
}

function worded(value: unknown): string {
  return value === null ? "none" : oneLine(JSON.stringify(value));
}
