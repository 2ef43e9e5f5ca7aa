/** A whole bundle: the log's files as they are, from one segment to another. */
import { statSync } from "node:fs";
import { setImmediate as turn } from "node:timers/promises";
import { ClosedSegment } from "../segments/closed.ts";
import { listSegments, segmentPath } from "../segments/files.ts";
import { bundleEvents, type SegmentHeader } from "../segments/format.ts";
import { OpenSegment } from "../segments/open.ts";
import { readTile } from "../segments/tiles.ts";
import { tilePath, tilesOf } from "../tlog/tiles.ts";
import { addKeys, addManifest, microseconds } from "./common.ts";
import type { BundleRequest, BundleResult } from "./request.ts";
import { linesATurn, newestCheckpoint, sealFiles, sealsOf } from "./seals.ts";
import { type TarWriter, writeTar } from "./writer.ts";

interface Part {
  first: number;
  end: number;
  closed: boolean;
  /** Microseconds since 1970. */
  openedAt: number;
  file: string;
  /** Bytes of whole frames. */
  size: number;
}

/** @throws RangeError when the log holds nothing of that time. */
export async function exportWhole(request: BundleRequest): Promise<BundleResult> {
  const { directory, target, signal, onProgress, sign } = request;
  const parts = chosen(await partsOf(directory, signal), request);
  const [head] = parts;
  const last = parts.at(-1);
  if (head === undefined || last === undefined) {
    throw new RangeError("The log holds no events of that time.");
  }
  const { first } = head;
  const { end } = last;
  const closedEnd = parts.findLast(({ closed }) => closed)?.end ?? first;
  const total = parts.reduce((sum, { size }) => sum + size, 1);
  const onBytes = (bytes: number) => onProgress?.(Math.min(1, bytes / total));
  const mtime = Math.floor(Date.now() / 1000);
  const bytes = await writeTar(target, { mtime, signal, onBytes }, async (writer) => {
    await addKeys(directory, writer);
    await addSeals(directory, end, writer);
    await addTiles(directory, closedEnd, writer);
    for (const { file, size } of parts) {
      await writer.add(`log/${file.slice(file.lastIndexOf("/") + 1)}`, { file, size });
    }
    await addManifest({ form: "whole", first, end }, sign, writer);
  });
  return { bytes, first, end, events: end - first };
}

/** There may be thousands: the event loop has its turn after each. */
async function partsOf(directory: string, signal: AbortSignal | undefined): Promise<Part[]> {
  // A crash may leave a segment in two states: the later one counts.
  const order = ["open", "closed", "gone"];
  const states = listSegments(directory).sort(
    (a, b) => order.indexOf(a.state) - order.indexOf(b.state),
  );
  const parts: Part[] = [];
  for (const [first, state] of new Map(states.map((one) => [one.first, one.state]))) {
    if (state === "gone") continue;
    signal?.throwIfAborted();
    parts.push(state === "closed" ? closedPart(directory, first) : openPart(directory, first));
    await turn();
  }
  return parts.filter(({ first, end }) => end > first).sort((a, b) => a.first - b.first);
}

function closedPart(directory: string, first: number): Part {
  const segment = ClosedSegment.at(directory, first);
  try {
    const file = segmentPath(directory, first, "closed");
    const end = first + segment.count;
    return {
      first,
      end,
      closed: true,
      openedAt: openedAt(segment.header),
      file,
      size: sizeOf(file),
    };
  } finally {
    segment.close();
  }
}

function openPart(directory: string, first: number): Part {
  const segment = new OpenSegment(directory, first);
  try {
    const file = segmentPath(directory, first, "open");
    const end = first + segment.refresh();
    const size = segment.end;
    return { first, end, closed: false, openedAt: openedAt(segment.header), file, size };
  } finally {
    segment.close();
  }
}

const openedAt = (header: SegmentHeader) => Number(header.openedAt);
const sizeOf = (file: string) => statSync(file).size;

/** A segment has events from when it was opened to when the next one was. */
function chosen(parts: Part[], { from, to }: BundleRequest): Part[] {
  const [start, end] = [microseconds(from, 0), microseconds(to, Number.POSITIVE_INFINITY)];
  return parts.filter((part, i) => {
    const next = parts[i + 1]?.openedAt ?? Number.POSITIVE_INFINITY;
    return part.openedAt <= end && next >= start;
  });
}

/** Checkpoints that count no more than what is in the bundle. */
async function addSeals(directory: string, end: number, writer: TarWriter): Promise<void> {
  let last: string | undefined;
  for (const name of await sealFiles(directory)) {
    const lines: string[] = [];
    for (const seal of sealsOf(directory, name)) {
      if (seal.size > end) continue;
      lines.push(`${seal.text}\n`);
      last = seal.note;
      if (lines.length % linesATurn === 0) await turn();
    }
    if (lines.length > 0) await writer.add(`seals/${name}`, Buffer.from(lines.join("")));
  }
  const newest = await newestCheckpoint(directory);
  const note = newest !== undefined && newest.size <= end ? newest.note : last;
  if (note !== undefined) await writer.add("checkpoint", Buffer.from(note));
}

/** Tiles of the tree up to the last closed segment, those of what is before the bundle too. */
async function addTiles(directory: string, end: number, writer: TarWriter): Promise<void> {
  const size = Math.floor(end / bundleEvents) * bundleEvents;
  for (const { level, n, width } of tilesOf(size, 1)) {
    if (level === "entries") continue;
    const tile = readTile(directory, level, n, width);
    if (tile === undefined) throw new Error(`The log has no ${tilePath(level, n, width)}.`);
    await writer.add(tilePath(level, n, width), tile);
  }
}
