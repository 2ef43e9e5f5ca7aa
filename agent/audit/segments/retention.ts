/** Removes whole segments whose events are all older than the policy keeps them. */
import { hashBytes } from "../tlog/merkle.ts";
import { tileWidth } from "../tlog/tiles.ts";
import { ClosedSegment } from "./closed.ts";
import { writeDurably } from "./durable.ts";
import { listSegments, segmentPath } from "./files.ts";
import { bundleEvents } from "./format.ts";
import { framesOf } from "./frames.ts";
import { removeSegment } from "./repair.ts";
import { writeTiles } from "./tile-files.ts";
import { readTile } from "./tiles.ts";
import { type Tombstone, tombstoneText } from "./tombstone.ts";

const dayMs = 86_400_000;

/**
 * @param record puts the event `audit.Retention` on the disk, or throws; then nothing is removed
 * @returns what was removed
 */
export function removeDue(
  directory: string,
  days: number,
  record: (tombstone: Tombstone) => void,
  now = Date.now(),
): Tombstone[] {
  const removed: Tombstone[] = [];
  for (const { first, state } of listSegments(directory)) {
    if (state === "gone") continue;
    // Oldest first: what stands behind one that stays, stays.
    if (state === "open") break;
    const tombstone = tombstoneOf(directory, first, days);
    if (now - Date.parse(tombstone.lastTime) <= days * dayMs) break;
    record(tombstone);
    const text = Buffer.from(tombstoneText(tombstone));
    writeDurably(segmentPath(directory, first, "gone"), text);
    removeSegment(directory, { first, state });
    removed.push(tombstone);
  }
  return removed;
}

function tombstoneOf(directory: string, first: number, days: number): Tombstone {
  const segment = ClosedSegment.at(directory, first);
  try {
    const last = segment.bundles - 1;
    keepRoots(directory, first / bundleEvents, segment);
    const framesAt = (k: number) =>
      framesOf(segment.bundle(k).bytes, first + k * bundleEvents, false);
    return {
      first,
      count: segment.count,
      chainBefore: segment.header.before.toString("hex"),
      chainAfter: segment.chainAfter(last).toString("hex"),
      firstTime: timeOf(framesAt(0).at(0)?.committedAt),
      lastTime: timeOf(framesAt(last).at(-1)?.committedAt),
      days,
    };
  } finally {
    segment.close();
  }
}

/** The roots of the bundles stay in a tile when the segment is gone. */
function keepRoots(directory: string, bundle: number, segment: ClosedSegment): void {
  const roots = Array.from({ length: segment.bundles }, (_, k) => segment.root(k));
  const at = bundle % tileWidth;
  const tile = readTile(directory, 1, Math.floor(bundle / tileWidth), at + roots.length);
  if (tile?.subarray(at * hashBytes).equals(Buffer.concat(roots)) === true) return;
  writeTiles(directory, bundle, roots);
}

/** @param committedAt microseconds since 1970 */
function timeOf(committedAt: bigint | undefined): string {
  if (committedAt === undefined) throw new Error("a closed segment has no frames");
  return new Date(Number(committedAt / 1000n)).toISOString();
}
