/** Ends what a crash interrupted between two steps of closing, removing or beginning a segment. */
import { readdirSync, statSync, unlinkSync } from "node:fs";
import { join } from "node:path";
import { ClosedSegment } from "./closed.ts";
import { removeDurably, syncDirectory, temporaryEnding } from "./durable.ts";
import { listSegments, type SegmentName, segmentPath } from "./files.ts";
import { genesis, segmentHeaderBytes } from "./format.ts";
import { OpenSegment } from "./open.ts";
import { clearFlags } from "./protect.ts";
import { readTombstone } from "./tombstone.ts";

/** Removes temporary files, and what a later form of the same segment has replaced. */
export function repair(directory: string): void {
  const folder = join(directory, "log");
  for (const name of readdirSync(folder)) {
    if (name.endsWith(temporaryEnding)) unlinkSync(join(folder, name));
  }
  const all = listSegments(directory);
  for (const { first, state } of all) {
    const same = all.filter((other) => other.first === first);
    const gone = same.some((other) => other.state === "gone");
    const closed = same.some((other) => other.state === "closed");
    if (state === "gone" || !(gone || (closed && state === "open"))) continue;
    // A file that cannot be right replaces nothing.
    if (gone) readTombstone(segmentPath(directory, first, "gone"));
    else ClosedSegment.at(directory, first).close();
    removeSegment(directory, { first, state });
  }
}

export function removeSegment(directory: string, { first, state }: SegmentName): void {
  const path = segmentPath(directory, first, state);
  clearFlags(path);
  removeDurably(path);
}

export interface Place {
  first: number;
  /** Chain value before it, where the segment is not there yet. */
  before: Buffer | undefined;
}

/** @returns the segment that is written next. @throws DamagedLog */
export function lastPlace(directory: string): Place {
  const all = listSegments(directory);
  const last = all.at(-1);
  if (last?.state !== "open") return behind(directory, last);
  const path = segmentPath(directory, last.first, "open");
  // Nothing but a header, and that torn: the crash came while the segment was begun.
  if (statSync(path).size <= segmentHeaderBytes && !hasHeader(directory, last.first)) {
    clearFlags(path);
    unlinkSync(path);
    syncDirectory(join(directory, "log"));
    return behind(directory, all.at(-2));
  }
  return { first: last.first, before: undefined };
}

function hasHeader(directory: string, first: number): boolean {
  return OpenSegment.headerOf(segmentPath(directory, first, "open"))?.first === first;
}

function behind(directory: string, last: SegmentName | undefined): Place {
  if (last === undefined) return { first: 0, before: genesis };
  const { first, state } = last;
  if (state === "gone") {
    const { count, chainAfter } = readTombstone(segmentPath(directory, first, state));
    return { first: first + count, before: Buffer.from(chainAfter, "hex") };
  }
  const segment =
    state === "closed" ? ClosedSegment.at(directory, first) : new OpenSegment(directory, first);
  try {
    if (segment instanceof OpenSegment) segment.refresh();
    const chain =
      segment instanceof OpenSegment ? segment.chain : segment.chainAfter(segment.bundles - 1);
    return { first: first + segment.count, before: Buffer.from(chain) };
  } finally {
    segment.close();
  }
}
