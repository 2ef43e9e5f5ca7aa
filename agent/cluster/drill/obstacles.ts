/** Why a drill cannot be held, in a sentence that says what to do. */
import type { Reading } from "../members/incus.ts";
import type { Pace } from "../pace.ts";
import type { Drills } from "./answers.ts";
import { type Maintenance, openMs, windowsText } from "./windows.ts";

export interface Circumstances {
  windows: Maintenance;
  /** Undefined where this node is in no cluster. */
  reading: (Reading & { kind: "cluster" }) | undefined;
  running: Drills["running"];
  pace: Pace;
  /** Milliseconds since 1970. */
  now: number;
}

/** With fewer than three, those that stay cannot agree on anything. */
const fewest = 3;
/** How long a node may need to write what it saw, once it has read that it is over. */
const tellMs = 20_000;

/** How long the others may take to hear of something, and to tell, in milliseconds. */
export function hearMs({ readMs }: Pace): number {
  return readMs * 2 + tellMs;
}

/** @param seconds for which the node would be away. @returns empty where nothing is in the way */
export function obstacleTo(
  { windows, reading, running, pace, now }: Circumstances,
  seconds: number,
): string {
  const needed = hearMs(pace) * 2 + seconds * 1000;
  const open = openMs(windows, now);
  if (open < needed) {
    const left =
      open === 0 ? "No maintenance window is open" : `The window ends in ${inSeconds(open)}`;
    return `${left}, and this drill needs ${inSeconds(needed)}. Windows: ${windowsText(windows)}`;
  }
  if (reading === undefined || reading.members.length < fewest) {
    return `A drill takes a cluster of ${fewest} nodes or more: of fewer, those that stay cannot agree on anything.`;
  }
  const away = reading.members.find(({ state }) => state !== "online");
  if (away !== undefined) {
    return `${away.name} is ${away.state}; hold a drill when all nodes are there, since one more is taken away.`;
  }
  return running === null ? "" : `One drill at a time. A drill of ${running.node} is under way.`;
}

const inSeconds = (ms: number) => `${Math.ceil(ms / 1000)} s`;
