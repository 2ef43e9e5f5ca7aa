/** An open segment: frames with a chain value behind each, read through a window. */
import {
  bundleEvents,
  chainBytes,
  frameHeaderBytes,
  frameMagic,
  lengthBytes,
  maximumPayload,
  segmentEvents,
  segmentHeaderBytes,
} from "../segments/format.ts";
import { chainOf, workspace } from "./entries.ts";
import type { OpenFile } from "./files.ts";
import { finding } from "./findings.ts";
import type { SegmentJob } from "./job.ts";
import type { SegmentState } from "./state.ts";

const windowBytes = 4 << 20;
/** The largest frame with its chain value. */
const mostFrame = frameHeaderBytes + bundleEvents * (lengthBytes + maximumPayload) + chainBytes;

/** A part of the file in memory. */
class Window {
  readonly #file: OpenFile;
  #bytes: Buffer = Buffer.alloc(0);
  #start = 0;

  constructor(file: OpenFile) {
    this.#file = file;
  }

  /** @returns up to `length` bytes from there, and often more; fewer only at the end. */
  from(position: number, length: number): Buffer {
    const offset = position - this.#start;
    if (offset >= 0 && offset + length <= this.#bytes.length) return this.#bytes.subarray(offset);
    if (this.#start + this.#bytes.length < this.#file.size || offset < 0) {
      const room = workspace(Math.max(length, windowBytes));
      this.#bytes = room.subarray(0, this.#file.read(room, 0, room.length, position));
      this.#start = position;
    }
    return this.#bytes.subarray(position - this.#start);
  }
}

export function verifyOpen(file: OpenFile, job: SegmentJob, state: SegmentState): void {
  const window = new Window(file);
  const segmentEnd = (Math.floor(job.first / segmentEvents) + 1) * segmentEvents;
  let position = segmentHeaderBytes;
  while (position < file.size && state.next < job.end) {
    const bytes = frameBytes(window, position);
    const frame = state.next < segmentEnd ? state.frame(bytes, 0, position) : undefined;
    if (frame === undefined) {
      position = afterDamage(window, file.size, position, job, state);
      continue;
    }
    const stored = bytes.subarray(bytes.length - chainBytes);
    state.unit(bytes, { ...frame, frames: [frame] }, chainOf(stored), position);
    position += bytes.length;
  }
}

/** @returns what would be the frame there by its header, with its chain value; or fewer bytes. */
function frameBytes(window: Window, position: number): Buffer {
  const header = window.from(position, frameHeaderBytes);
  if (header.length < frameHeaderBytes) return header;
  const length = frameHeaderBytes + header.readUInt32BE(4) + chainBytes;
  if (length > mostFrame) return header.subarray(0, frameHeaderBytes);
  return window.from(position, length).subarray(0, length);
}

/**
 * Tells of the damage and looks for the next frame.
 *
 * @returns where to go on; the size of the file when there is none.
 */
function afterDamage(
  window: Window,
  size: number,
  position: number,
  job: SegmentJob,
  state: SegmentState,
): number {
  const resumed = nextFrame(window, size, position, state.next);
  const file = job.file.path;
  const start = window.from(position, 4);
  const first = state.next;
  const isFrame = start.length >= 4 && start.readUInt32BE(0) === frameMagic;
  if (resumed === undefined) {
    state.whole = state.whole && job.torn === "W";
    const text = `The last ${size - position} bytes are no frame: a write that was never finished, or something was cut off or changed.`;
    state.findings.push(
      finding({ code: "structure.torn", file, offset: position, first, text }, job.torn),
    );
    return size;
  }
  const text = isFrame
    ? "The header of a frame, or a length in it, cannot be right."
    : "These bytes are no frame.";
  const code = isFrame ? "structure.frame" : "structure.torn";
  const last = resumed.first > first ? resumed.first - 1 : first;
  state.findings.push(finding({ code, file, offset: position, first, last, text }));
  const before = window.from(resumed.position - chainBytes, chainBytes);
  state.resume(resumed.first, chainOf(before));
  return resumed.position;
}

/**
 * The next header of a frame that can follow; the frame at `from` itself only where it is a later
 * one, with some missing before it. Payloads are text, so that the header's zeroes cannot stand in
 * one.
 */
function nextFrame(window: Window, size: number, from: number, least: number) {
  const magic = Buffer.alloc(4);
  magic.writeUInt32BE(frameMagic);
  for (let position = from; position + frameHeaderBytes <= size; ) {
    const bytes = window.from(position, frameHeaderBytes);
    const at = bytes.indexOf(magic);
    if (at < 0) {
      position += Math.max(1, bytes.length - magic.length + 1);
      continue;
    }
    const found = window.from(position + at, frameHeaderBytes);
    if (found.length < frameHeaderBytes) return undefined;
    const first = Number(found.readBigUInt64BE(16));
    const own = position + at === from && first === least;
    const fits = first >= least && first < least + segmentEvents && found.readUInt32BE(12) === 0;
    if (fits && !own) return { position: position + at, first };
    position += at + 1;
  }
  return undefined;
}
