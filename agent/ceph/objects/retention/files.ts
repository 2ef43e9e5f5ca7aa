/** What the calendar says of file volumes' snapshots, and of copies of the audit log. */
import type { OffloadStatus } from "../../../audit/offload/types.ts";
import type { Volume } from "../../volumes/kinds/types.ts";
import type { Live } from "../../volumes/known.ts";
import { dayOf, daySeconds, everyHours, timeOf } from "../../volumes/snapshots/names.ts";
import type { HeldFiles, LogCopies } from "./answers.ts";
import { periods } from "./periods.ts";

/** @param now milliseconds since 1970 */
export function heldFiles({ tenant, name, record }: Volume, live: Live | undefined, now: number) {
  const { retention = 0, snapshots = { taken: [], lost: 0 }, state } = record;
  const days = new Map<string, { objects: number; bytes: number }>();
  const untils = snapshots.taken.map((at) => at + retention * daySeconds);
  const held = untils.filter((until) => until * 1000 > now);
  for (const until of held) {
    const { objects } = days.get(dayOf(until)) ?? { objects: 0 };
    days.set(dayOf(until), { objects: objects + 1, bytes: 0 });
  }
  const trouble = live?.trouble ?? "";
  const known = live === undefined ? "waiting" : trouble === "" ? "known" : "failed";
  return {
    ...{ tenant, volume: name, retention, every: everyHours(retention), error: trouble },
    state: state === "active" ? known : "closed",
    ...{ at: live?.at ?? "", snapshots: snapshots.taken.length, lost: snapshots.lost },
    newest: snapshots.taken.length === 0 ? "" : timeOf(Math.max(...snapshots.taken)),
    until: periods(days, now).map(({ period, objects }) => ({ period, snapshots: objects })),
    last: held.length === 0 ? "" : timeOf(Math.max(...held)),
  } satisfies HeldFiles;
}

/** Where copies of the audit log go, and what is known of them. */
export interface Copies {
  place: { name: string; days: number };
  status(): OffloadStatus;
}

export function logCopies(copies: Copies | undefined, now: number): LogCopies {
  if (copies === undefined) {
    const text =
      "No offload target is declared: the audit log is on this node alone, and nothing holds it elsewhere. Name one under “offload” in agent.json.";
    return { state: "none", target: "", retention: 0, until: "", files: 0, bytes: 0, text };
  }
  const { name: target, days: retention } = copies.place;
  const { state, text, files, bytes } = copies.status();
  const until = retention === 0 ? "" : timeOf(now / 1000 + retention * daySeconds);
  return { state, target, retention, until, files, bytes, text };
}
