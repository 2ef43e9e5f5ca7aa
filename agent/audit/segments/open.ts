/** Reading a segment that is being written. */
import { closeSync, fstatSync, openSync } from "node:fs";
import { readAt, segmentPath } from "./files.ts";
import {
  bundleEvents,
  chainBytes,
  decodeFrameHeader,
  decodeSegmentHeader,
  frameHeaderBytes,
  link,
  type SegmentHeader,
  segmentHashedBytes,
  segmentHeaderBytes,
} from "./format.ts";
import { DamagedLog } from "./frames.ts";
import { readMarks } from "./marks.ts";

const step = 256 * 1024;

export interface BundleBytes {
  /** Frames, one behind the other. */
  bytes: Buffer;
  /** Chain value before them. */
  before: Buffer;
  saltKey: Buffer;
  /** Whether chain values stand behind the frames. */
  chained: boolean;
}

export class OpenSegment {
  readonly header: SegmentHeader;
  readonly path: string;
  readonly #directory: string;
  readonly #fd: number;
  /** Chain value after the header. */
  readonly #start: Buffer;
  /** Where each bundle begins. */
  #bundles = [segmentHeaderBytes];
  /** Roots as the marks tell them. */
  #roots: Buffer[] = [];
  #count = 0;
  /** Behind the last whole frame. */
  #end = segmentHeaderBytes;
  #chain: Buffer;

  /** @throws DamagedLog when there is no whole header. */
  constructor(directory: string, first: number) {
    this.#directory = directory;
    this.path = segmentPath(directory, first, "open");
    this.#fd = openSync(this.path, "r");
    try {
      const bytes = readAt(this.#fd, 0, segmentHeaderBytes);
      const header = decodeSegmentHeader(bytes);
      if (header?.first !== first)
        throw new DamagedLog(
          `${this.path} does not begin as a segment does; keep a copy for whoever looks into it`,
        );
      this.header = header;
      this.#start = link(bytes.subarray(0, segmentHashedBytes), header.before);
      this.#chain = this.#start;
    } catch (error) {
      closeSync(this.#fd);
      throw error;
    }
  }

  /** @returns undefined for a file that does not begin as a segment does. */
  static headerOf(path: string): SegmentHeader | undefined {
    const fd = openSync(path, "r");
    try {
      return decodeSegmentHeader(readAt(fd, 0, segmentHeaderBytes));
    } finally {
      closeSync(fd);
    }
  }

  close(): void {
    closeSync(this.#fd);
  }

  get count(): number {
    return this.#count;
  }

  /** Where the last whole frame ends. */
  get end(): number {
    return this.#end;
  }

  /** Chain value after the last whole frame, as it is stored. */
  get chain(): Buffer {
    return this.#chain;
  }

  /** Looks for new frames. @returns the number of events. */
  refresh(): number {
    const { size } = fstatSync(this.#fd);
    if (!this.#stillThere(size)) this.#begin();
    if (this.#count === 0) this.#jump(size);
    let chunk: Buffer = Buffer.alloc(0);
    let at = 0;
    for (;;) {
      const offset = this.#end;
      if (offset - at < 0 || offset - at + frameHeaderBytes > chunk.length) {
        chunk = readAt(this.#fd, offset, Math.min(step, Math.max(0, size - offset)));
        at = offset;
      }
      const next = this.header.first + this.#count;
      const header = decodeFrameHeader(chunk, offset - at, next);
      if (header === undefined) break;
      const end = offset + frameHeaderBytes + header.bodyBytes + chainBytes;
      if (end > size) break;
      this.#end = end;
      this.#count += header.count;
      if (this.#count % bundleEvents === 0) this.#bundles.push(end);
    }
    this.#chain = this.#chainBefore(this.#end);
    return this.#count;
  }

  /** @param k number of the bundle within the segment @returns what of it is there. */
  bundle(k: number): BundleBytes {
    const start = this.offsetOf(k);
    const end = this.#bundles[k + 1] ?? this.#end;
    const bytes = readAt(this.#fd, start, end - start);
    const { saltKey } = this.header;
    return { bytes, before: this.#chainBefore(start), saltKey, chained: true };
  }

  /** For whoever has to read bytes that are no frames. */
  get fd(): number {
    return this.#fd;
  }

  /** Number of bundles that marks told of. */
  get marks(): number {
    return this.#roots.length;
  }

  /** @param k number of a bundle, up to the one behind the last */
  offsetOf(k: number): number {
    const offset = this.#bundles[k];
    if (offset === undefined) throw new RangeError(`${this.path} has no bundle ${k}`);
    return offset;
  }

  /** When its first frame was committed, microseconds since 1970; undefined while there is none. */
  get since(): bigint | undefined {
    const bytes = readAt(this.#fd, segmentHeaderBytes, frameHeaderBytes);
    return decodeFrameHeader(bytes, 0, this.header.first)?.committedAt;
  }

  chainBefore(k: number): Buffer {
    return this.#chainBefore(this.offsetOf(k));
  }

  /** @returns the root of a bundle where a mark tells it. */
  root(k: number): Buffer | undefined {
    return this.#roots[k];
  }

  #begin(): void {
    this.#bundles = [segmentHeaderBytes];
    this.#roots = [];
    this.#count = 0;
    this.#end = segmentHeaderBytes;
  }

  /** After a failed write the writer cuts back, and other frames may follow. */
  #stillThere(size: number): boolean {
    return size >= this.#end && this.#chainBefore(this.#end).equals(this.#chain);
  }

  /** Goes on behind the last mark that fits the file. */
  #jump(size: number): void {
    const marks = readMarks(this.#directory, this.header.first);
    while (marks.length > 0) {
      const last = marks.at(-1);
      if (last !== undefined && last.end <= size && last.end >= segmentHeaderBytes + chainBytes) {
        if (this.#chainBefore(last.end).equals(last.chain)) break;
      }
      marks.pop();
    }
    this.#bundles.push(...marks.map(({ end }) => end));
    this.#roots = marks.map(({ root }) => root);
    this.#end = this.#bundles.at(-1) ?? segmentHeaderBytes;
    this.#count = marks.length * bundleEvents;
  }

  #chainBefore(offset: number): Buffer {
    if (offset === segmentHeaderBytes) return this.#start;
    return readAt(this.#fd, offset - chainBytes, chainBytes);
  }
}
