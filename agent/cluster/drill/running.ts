/** The drill under way, here or elsewhere, as its node announces it. */
import type { Reading } from "../members/incus.ts";
import type { Pace } from "../pace.ts";
import type { Drills } from "./answers.ts";
import { hearMs } from "./obstacles.ts";
import { type Announcement, readAnnouncement } from "./published.ts";

export type Clustered = Reading & { kind: "cluster" };

/** An announcement that is older was left by a node that never came back. */
const forgottenMs = 15 * 60_000;

/** @returns undefined where the node announced nothing */
export function announcementOf({ members }: Clustered, node: string): Announcement | undefined {
  return readAnnouncement(members.find(({ name }) => name === node)?.drill ?? "");
}

/** @param own the drill that runs here. @param now milliseconds since 1970 */
export function runningOf(
  reading: Clustered | undefined,
  own: Announcement | undefined,
  pace: Pace,
  now: number,
): Drills["running"] {
  if (own !== undefined) return told(reading?.self ?? "", own, own.id, pace);
  for (const { name } of reading?.members ?? []) {
    const other = reading && name !== reading.self && announcementOf(reading, name);
    // A time to come is another's clock, or a lie that would keep all others from theirs.
    if (other && !other.over && Math.abs(now - Date.parse(other.at)) < forgottenMs) {
      return told(name, other, "", pace);
    }
  }
  return null;
}

function told(node: string, { kind, at, seconds }: Announcement, job: string, pace: Pace) {
  const until = new Date(Date.parse(at) + hearMs(pace) + seconds * 1000).toISOString();
  return { node, kind, at, seconds, until, job };
}
