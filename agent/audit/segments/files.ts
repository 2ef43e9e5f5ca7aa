/** Names of the log's files, and reading parts of them. */
import { readdirSync, readSync } from "node:fs";
import { join } from "node:path";
import { segmentName } from "./format.ts";

export type SegmentState = "open" | "closed" | "gone";

const endings: Record<SegmentState, string> = { open: ".seg", closed: ".segz", gone: ".gone" };
const states = Object.entries(endings).map(([state, ending]) => [ending, state as SegmentState]);
const stateOf = new Map(states as [string, SegmentState][]);

export function segmentPath(directory: string, first: number, state: SegmentState): string {
  return join(directory, "log", segmentName(first) + endings[state]);
}

/** Derived marks of the bundles of a segment that is being written. */
export function marksPath(directory: string, first: number): string {
  return join(directory, "index", `${segmentName(first)}.marks`);
}

export interface SegmentName {
  first: number;
  state: SegmentState;
}

/** @returns what is in `log/`, oldest first; files with other names are left out. */
export function listSegments(directory: string): SegmentName[] {
  const found: SegmentName[] = [];
  for (const name of readdirSync(join(directory, "log"))) {
    const [, digits = "", ending = ""] = /^([0-9]{20})(\.[a-z]+)$/.exec(name) ?? [];
    const state = stateOf.get(ending);
    const first = Number(digits);
    if (state !== undefined && Number.isSafeInteger(first)) found.push({ first, state });
  }
  return found.sort((a, b) => a.first - b.first);
}

/** @returns fewer bytes than asked for only where the file ends. */
export function readAt(fd: number, position: number, length: number): Buffer {
  const bytes = Buffer.allocUnsafe(length);
  let done = 0;
  while (done < length) {
    const count = readSync(fd, bytes, done, length - done, position + done);
    if (count === 0) break;
    done += count;
  }
  return bytes.subarray(0, done);
}
