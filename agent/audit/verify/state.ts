/** How far the reading of a segment has come: chain, leaves, roots and what was asked for. */
import {
  bundleEvents,
  decodeFrameHeader,
  type FrameHeader,
  frameHeaderBytes,
  lengthBytes,
  maximumPayload,
  type SegmentHeader,
  saltsOf,
  segmentHashedBytes,
} from "../segments/format.ts";
import { type CompactRange, hashBytes, rootOf } from "../tlog/merkle.ts";
import { bundleRoot, type Chain, chainOf, hashFrame, linkHeader } from "./entries.ts";
import { type Finding, finding } from "./findings.ts";
import type { Mark, SegmentJob, SegmentResult, ToldEvent } from "./job.ts";
import { isEvent } from "./payload.ts";

/** Frames that stand one behind the other and end with a stored chain value. */
export interface Unit {
  first: number;
  count: number;
  /** For each frame: place of its header in the bytes, first event and number of events. */
  frames: { at: number; first: number; count: number; committedAt: number }[];
}

const toldPrefix = Buffer.from('{"action":"audit.', "latin1");
const toldActions = ["audit.KeyChanged", "audit.Retention", "audit.TpmEnrolled"];

export class SegmentState {
  readonly findings: Finding[] = [];
  whole = true;
  /** Index of the event that comes next. */
  next: number;
  readonly #job: SegmentJob;
  readonly #header: SegmentHeader | undefined;
  readonly #leaves = Buffer.alloc(bundleEvents * hashBytes);
  readonly #roots: Buffer[] = [];
  readonly #marks: Mark[] = [];
  readonly #told: ToldEvent[] = [];
  readonly #wanted: SegmentResult["leaves"] = [];
  /** Chain values that may stand before the next unit, the likelier first. */
  #candidates: Chain[] = [];
  #stored: Chain = "";
  /** Events of the present unit that have not their form. */
  #malformed: { index: number; offset: number }[] = [];
  /** The last finding of the chain, as long as it goes on. */
  #broken: Finding | undefined;
  #salts: Buffer = Buffer.alloc(0);
  #saltsOf = -1;
  #firstTime = 0;
  #lastTime = 0;
  #sizeAt = 0;

  constructor(job: SegmentJob, bytes: Buffer, header: SegmentHeader | undefined) {
    this.#job = job;
    this.#header = header;
    this.next = job.first;
    if (header === undefined) return;
    const before = chainOf(header.before);
    const tried = job.alternative === "" ? [before] : [before, job.alternative];
    this.#candidates = tried.map((chain) => linkHeader(bytes, 0, segmentHashedBytes, chain));
    this.#stored = this.#candidates[0] ?? "";
  }

  /** Chain values go on from there: what lies before cannot be read. */
  resume(next: number, chain: Chain): void {
    const nothingLost = next === this.next;
    this.whole = this.whole && nothingLost;
    this.next = next;
    this.#candidates = nothingLost ? [this.#candidates[0] ?? "", chain] : [chain];
    this.#broken = undefined;
    this.#malformed = [];
    while ((this.#job.sizes[this.#sizeAt] ?? Number.POSITIVE_INFINITY) <= next) this.#sizeAt++;
  }

  /**
   * Checks lengths and form of the events of a frame.
   *
   * @param at of its header in `bytes`
   * @param offset of the same in the file, or of the block that it is in
   * @param next index of its first event
   * @returns undefined when its records do not add up
   */
  frame(
    bytes: Buffer,
    at: number,
    offset: number,
    next: number = this.next,
  ): Unit["frames"][number] | undefined {
    const header = decodeFrameHeader(bytes, at, next);
    if (header === undefined) return undefined;
    const end = at + frameHeaderBytes + header.bodyBytes;
    if (end > bytes.length) return undefined;
    let position = at + frameHeaderBytes;
    for (let i = 0; i < header.count; i++) {
      if (position + lengthBytes > end) return undefined;
      const length = bytes.readUInt32BE(position);
      position += lengthBytes;
      if (length < 2 || length > maximumPayload || position + length > end) return undefined;
      position += length;
    }
    if (position !== end) return undefined;
    this.#lookAt(bytes, at + frameHeaderBytes, header, offset);
    return {
      at,
      first: header.first,
      count: header.count,
      committedAt: Number(header.committedAt),
    };
  }

  #lookAt(bytes: Buffer, start: number, { first, count }: FrameHeader, offset: number): void {
    let position = start;
    for (let i = 0; i < count; i++) {
      const from = position + lengthBytes;
      position = from + bytes.readUInt32BE(position);
      if (!isEvent(bytes, from, position)) this.#malformed.push({ index: first + i, offset });
      this.#note(bytes, from, position, first + i);
    }
  }

  /** Keeps events by which the log tells about itself. */
  #note(bytes: Buffer, start: number, end: number, index: number): void {
    for (let i = toldPrefix.length - 1; i >= 0; i--) {
      if (bytes[start + i] !== toldPrefix[i]) return;
    }
    const payload = bytes.toString("utf8", start, end);
    const action = toldActions.find((one) => payload.startsWith(`{"action":"${one}"`));
    if (action !== undefined) this.#told.push({ index, action, details: detailsOf(payload) });
  }

  /** Tells of a commit time that is less than the one before. */
  #clock(committedAt: number, first: number, offset: number): void {
    if (committedAt < this.#lastTime) {
      const text = `The clock was set back: committed at ${isoOf(committedAt)}, after ${isoOf(this.#lastTime)}.`;
      const file = this.#job.file.path;
      this.findings.push(finding({ code: "clock.back", file, offset, first, text }));
    }
    if (this.#firstTime === 0) this.#firstTime = committedAt;
    this.#lastTime = committedAt;
  }

  /**
   * Hashes a unit and compares the chain value after it.
   *
   * @param stored what stands there
   * @param offset of the unit in the file
   */
  unit(bytes: Buffer, { first, count, frames }: Unit, stored: Chain, offset: number): void {
    const [likely = "", other] = this.#candidates;
    const noted = { marks: this.#marks.length, sizes: this.#sizeAt };
    const hashFrom = (before: Chain) => {
      this.#marks.length = noted.marks;
      this.#sizeAt = noted.sizes;
      return this.#hash(bytes, frames, before);
    };
    let computed = hashFrom(likely);
    if (computed !== stored && other !== undefined && other !== likely) {
      computed = hashFrom(other);
      if (computed !== stored) computed = hashFrom(likely);
    }
    for (const frame of frames) this.#clock(frame.committedAt, frame.first, offset);
    if (computed === stored) {
      this.#broken = undefined;
      this.#candidates = [stored];
      this.#tellMalformed();
    } else {
      this.#tellBroken(first, first + count - 1, offset);
      // What stands there is right where an event was changed, what was computed where it was.
      this.#candidates = [stored, computed];
    }
    this.#malformed = [];
    this.#stored = stored;
    this.next = first + count;
    this.#endBundle();
  }

  /** Where the chain does not hold, that an event has not its form is told by that already. */
  #tellMalformed(): void {
    for (const { index, offset } of this.#malformed) {
      const text = "The event is not a JSON object in canonical form with a time.";
      const file = this.#job.file.path;
      this.findings.push(
        finding({ code: "entry.form", file, offset, first: index, last: index, text }),
      );
    }
  }

  #tellBroken(first: number, last: number, offset: number): void {
    if (this.#broken !== undefined) {
      this.#broken.last = last;
      return;
    }
    const text =
      "The chain value that stands behind these events is not the one that follows from them: " +
      "something here was changed, added, removed or moved.";
    const file = this.#job.file.path;
    this.#broken = finding({ code: "chain.link", file, offset, first, last, text });
    this.findings.push(this.#broken);
  }

  #hash(bytes: Buffer, frames: Unit["frames"], before: Chain): Chain {
    let chain = before;
    const sizes = this.#job.sizes;
    for (const { at, first, count } of frames) {
      const marks = {
        next: sizes[this.#sizeAt] ?? -1,
        reached: (value: Chain) => {
          const size = sizes[this.#sizeAt++] ?? 0;
          this.#marks.push({ size, chain: value, parts: this.#partsOf(size) });
          marks.next = sizes[this.#sizeAt] ?? -1;
        },
      };
      chain = hashFrame(bytes, at, first, count, this.#saltsFor(first), this.#leaves, chain, marks);
    }
    return chain;
  }

  #saltsFor(first: number): Buffer {
    const bundle = Math.floor(first / bundleEvents);
    if (bundle !== this.#saltsOf && this.#header !== undefined) {
      this.#salts = saltsOf(this.#header.saltKey, bundle);
      this.#saltsOf = bundle;
    }
    return this.#salts;
  }

  #partsOf(size: number): Uint8Array[] | undefined {
    return this.whole ? partsOf(this.#leaves, size % bundleEvents || bundleEvents) : undefined;
  }

  #endBundle(): void {
    const inBundle = this.next % bundleEvents;
    const bundle = Math.ceil(this.next / bundleEvents) - 1;
    const leaves = this.#leaves.subarray(0, (inBundle || bundleEvents) * hashBytes);
    if (this.#job.bundles.includes(bundle)) {
      const others = this.#wanted.filter((one) => one.bundle !== bundle);
      this.#wanted.splice(0, this.#wanted.length, ...others, {
        bundle,
        hashes: Uint8Array.from(leaves),
      });
    }
    if (inBundle === 0 && this.whole) this.#roots.push(bundleRoot(leaves));
  }

  /** Root of the bundle that was read last. */
  get lastRoot(): Buffer | undefined {
    return this.#roots.at(-1);
  }

  result(): SegmentResult {
    const rest = this.next % bundleEvents;
    return {
      first: this.#job.first,
      end: this.next,
      whole: this.whole,
      before: this.#header === undefined ? "" : chainOf(this.#header.before),
      after: this.#candidates[1] ?? this.#candidates[0] ?? "",
      stored: this.#stored,
      roots: Uint8Array.from(Buffer.concat(this.#roots)),
      parts: this.whole && rest > 0 ? partsOf(this.#leaves, rest) : [],
      marks: this.#marks,
      told: this.#told,
      leaves: this.#wanted,
      firstTime: this.#firstTime,
      lastTime: this.#lastTime,
      findings: this.findings,
    };
  }
}

function detailsOf(payload: string): ToldEvent["details"] {
  try {
    const { details } = JSON.parse(payload);
    return typeof details === "object" && details !== null ? details : undefined;
  } catch (error) {
    // That the event is damaged is found by the chain.
    if (error instanceof SyntaxError) return undefined;
    throw error;
  }
}

/** Roots of the largest whole subtrees over the first leaves of a bundle, one or more. */
function partsOf(leaves: Buffer, count: number): Uint8Array[] {
  const parts: Uint8Array[] = [];
  let start = 0;
  for (let width = bundleEvents; width >= 1; width /= 2) {
    if (count - start < width) continue;
    const hashes = leaves.subarray(start * hashBytes, (start + width) * hashBytes);
    parts.push(Uint8Array.from(rootOf(Buffer.from(hashes))));
    start += width;
  }
  return parts;
}

/** Adds such subtrees behind whole bundles. */
export function addParts(range: CompactRange, parts: readonly Uint8Array[], count: number): void {
  let rest = count % bundleEvents || bundleEvents;
  for (const part of parts) {
    const level = Math.floor(Math.log2(rest));
    range.append(Buffer.from(part), level);
    rest -= 2 ** level;
  }
}

function isoOf(microseconds: number): string {
  return new Date(microseconds / 1000).toISOString();
}
