/**
 * Reads the log: synchronous, for worker threads and the command line. It needs no agent, and
 * follows a log that somebody else is writing.
 */
import { statSync } from "node:fs";
import { join } from "node:path";
import { hashBytes, rootOf } from "../tlog/merkle.ts";
import { tileWidth } from "../tlog/tiles.ts";
import { ClosedSegment } from "./closed.ts";
import { listSegments, type SegmentState, segmentPath } from "./files.ts";
import { bundleEvents, segmentEvents } from "./format.ts";
import { DamagedLog, type Frame, framesOf, type RawEvent, Walk } from "./frames.ts";
import { type BundleBytes, OpenSegment } from "./open.ts";
import { readTile } from "./tiles.ts";
import { readTombstone, type Tombstone } from "./tombstone.ts";

export type { RawEvent } from "./frames.ts";
export { DamagedLog } from "./frames.ts";

/** Closed segments whose directories are kept in memory, 28 KiB each. */
const mostKept = 8;
/** Bundles of closed segments that are kept as they are unpacked, some 100 KiB each. */
const mostLoaded = 4;
/** A directory whose time is this fresh, in milliseconds, may change again without showing it. */
const fresh = 100;
const attempts = 3;

export interface Segment {
  first: number;
  count: number;
  state: SegmentState;
  file: string;
}

export interface PlainEvent {
  index: number;
  payload: Buffer;
  /** Microseconds since 1970. */
  committedAt: bigint;
}

interface Loaded {
  frames: Frame[];
  before: Buffer;
  saltKey: Buffer;
}

export class LogReader {
  readonly #directory: string;
  #segments: Segment[] = [];
  #listedAt = -1;
  readonly #open = new Map<number, OpenSegment>();
  readonly #closed = new Map<number, ClosedSegment>();
  /** Bundles of closed segments, which never change. */
  readonly #loaded = new Map<number, Loaded>();
  #size = 0;

  constructor(directory: string) {
    this.#directory = directory;
  }

  close(): void {
    for (const segment of [...this.#open.values(), ...this.#closed.values()]) segment.close();
    this.#open.clear();
    this.#closed.clear();
    this.#loaded.clear();
    this.#listedAt = -1;
  }

  /** Looks for new events. @returns the number of events of the log. */
  refresh(): number {
    for (let attempt = 1; ; attempt++) {
      try {
        return this.#refresh();
      } catch (error) {
        // Between the listing and the opening the writer may have closed or removed a segment.
        const moved = (error as NodeJS.ErrnoException).code === "ENOENT";
        if (!moved || attempt === attempts) throw error;
        this.#listedAt = -1;
      }
    }
  }

  #refresh(): number {
    this.#list();
    for (const segment of this.#segments) {
      if (segment.state === "open")
        segment.count = this.#openSegment(segment.first)?.refresh() ?? 0;
    }
    const last = this.#segments.at(-1);
    this.#size = last === undefined ? 0 : last.first + last.count;
    return this.#size;
  }

  get size(): number {
    return this.#size;
  }

  /** Index of the first event that is still there. */
  get first(): number {
    const there = this.#segments.find(({ state }) => state !== "gone");
    return there?.first ?? this.#size;
  }

  /** Oldest first, those that retention removed too. */
  segments(): Segment[] {
    return this.#segments.map((segment) => ({ ...segment }));
  }

  /**
   * Events with all that is hashed. Costs a hash for each event of the bundles; `payloads` does not.
   * @returns fewer than asked for where the log begins or ends.
   */
  read(from: number, count: number): RawEvent[] {
    return this.#collect(from, count, (bundle) => {
      const { frames, before, saltKey } = this.#load(bundle);
      const walk = new Walk(saltKey, bundle, before);
      return frames.flatMap((frame) => walk.events(frame));
    });
  }

  /** Events without what follows from their place; nothing is hashed. */
  payloads(from: number, count: number): PlainEvent[] {
    return this.#collect(from, count, (bundle) =>
      this.#load(bundle).frames.flatMap(({ payloads, first, committedAt }) =>
        payloads.map((payload, i) => ({ index: first + i, payload, committedAt })),
      ),
    );
  }

  /** @returns the leaf hashes of a bundle, 32 bytes each; fewer than 256 at the end of the log. */
  leafHashes(bundle: number): Buffer {
    const { frames, before, saltKey } = this.#load(bundle);
    const leaves = Buffer.alloc(frames.reduce((sum, { count }) => sum + count, 0) * hashBytes);
    const walk = new Walk(saltKey, bundle, before);
    for (const frame of frames) walk.leaves(frame, leaves);
    return leaves;
  }

  /** @returns the root of a bundle of 256 events, as it is stored, or computed where it is not. */
  bundleRoot(bundle: number): Buffer {
    const segment = this.#segmentOf(bundle);
    const k = bundle - segment.first / bundleEvents;
    if ((k + 1) * bundleEvents > segment.count)
      throw new RangeError(`bundle ${bundle} is not full`);
    if (segment.state === "closed") return this.#closedSegment(segment.first).root(k);
    if (segment.state === "gone") return this.#tileRoot(bundle);
    return this.#openSegment(segment.first)?.root(k) ?? rootOf(this.leafHashes(bundle));
  }

  tombstone(first: number): Tombstone {
    return readTombstone(segmentPath(this.#directory, first, "gone"));
  }

  #collect<T extends { index: number }>(
    from: number,
    count: number,
    eventsOf: (bundle: number) => T[],
  ): T[] {
    const start = Math.max(from, this.first);
    const end = Math.min(from + count, this.#size);
    const events: T[] = [];
    for (let bundle = Math.floor(start / bundleEvents); bundle * bundleEvents < end; bundle++) {
      for (const event of eventsOf(bundle)) {
        if (event.index >= start && event.index < end) events.push(event);
      }
    }
    return events;
  }

  #load(bundle: number): Loaded {
    const known = this.#loaded.get(bundle);
    if (known !== undefined) return known;
    const { closed, bytes, before, saltKey, chained } = this.#bytesOf(bundle);
    const frames = framesOf(bytes, bundle * bundleEvents, chained);
    const end = frames.at(-1)?.end ?? 0;
    if (end !== bytes.length)
      throw new DamagedLog(`bundle ${bundle} holds bytes that are no frame`);
    const loaded = { frames, before, saltKey };
    if (!closed) return loaded;
    const [oldest] = this.#loaded.keys();
    if (this.#loaded.size >= mostLoaded && oldest !== undefined) this.#loaded.delete(oldest);
    this.#loaded.set(bundle, loaded);
    return loaded;
  }

  #bytesOf(bundle: number): BundleBytes & { closed: boolean } {
    const segment = this.#segmentOf(bundle);
    const k = bundle - segment.first / bundleEvents;
    if (segment.state === "gone") throw new RangeError(`bundle ${bundle} was removed by retention`);
    if (segment.state === "closed") {
      return { ...this.#closedSegment(segment.first).bundle(k), closed: true };
    }
    const open = this.#openSegment(segment.first);
    if (open === undefined) throw new DamagedLog(`${segment.file} has no right header`);
    return { ...open.bundle(k), closed: false };
  }

  #segmentOf(bundle: number): Segment {
    const index = bundle * bundleEvents;
    let low = 0;
    let high = this.#segments.length;
    while (low < high) {
      const middle = (low + high) >> 1;
      if ((this.#segments[middle]?.first ?? 0) <= index) low = middle + 1;
      else high = middle;
    }
    const segment = this.#segments[low - 1];
    if (segment !== undefined && index < segment.first + segment.count) return segment;
    throw new RangeError(`bundle ${bundle} is not in the log`);
  }

  #tileRoot(bundle: number): Buffer {
    const n = Math.floor(bundle / tileWidth);
    const at = bundle % tileWidth;
    const tile = readTile(this.#directory, 1, n, at + 1);
    if (tile === undefined) throw new DamagedLog(`the tile of bundle ${bundle} is missing`);
    return tile.subarray(at * hashBytes, (at + 1) * hashBytes);
  }

  /** Segments of all states; where one stands in two, a crash left both, and the later one counts. */
  #list(): void {
    const folder = join(this.#directory, "log");
    const changedAt = statSync(folder, { throwIfNoEntry: false })?.mtimeMs;
    if (changedAt === undefined || changedAt === this.#listedAt) return;
    this.#listedAt = Date.now() - changedAt > fresh ? changedAt : -1;
    const order: SegmentState[] = ["open", "closed", "gone"];
    const byFirst = new Map<number, SegmentState>();
    for (const { first, state } of listSegments(this.#directory)) {
      const known = byFirst.get(first);
      if (known === undefined || order.indexOf(state) > order.indexOf(known)) {
        byFirst.set(first, state);
      }
    }
    const firsts = [...byFirst.keys()].sort((a, b) => a - b);
    this.#segments = [...byFirst]
      .map(([first, state]) => ({
        first,
        state,
        count: 0,
        file: segmentPath(this.#directory, first, state),
      }))
      .sort((a, b) => a.first - b.first);
    this.#forget(byFirst);
    for (const [i, segment] of this.#segments.entries()) {
      if (segment.state !== "open") segment.count = this.#countOf(segment, firsts[i + 1]);
    }
  }

  /** Up to the next one; the files of all segments but the last need not be opened for that. */
  #countOf({ first, state }: Segment, next: number | undefined): number {
    if (next !== undefined) return Math.min(next - first, segmentEvents - (first % segmentEvents));
    return state === "closed" ? this.#closedSegment(first).count : this.tombstone(first).count;
  }

  #forget(present: Map<number, SegmentState>): void {
    for (const [kept, state] of [
      [this.#open, "open"] as const,
      [this.#closed, "closed"] as const,
    ]) {
      for (const [first, segment] of kept) {
        if (present.get(first) === state) continue;
        segment.close();
        kept.delete(first);
      }
    }
  }

  /** @returns undefined for one that is only being made. */
  #openSegment(first: number): OpenSegment | undefined {
    let segment = this.#open.get(first);
    if (segment === undefined) {
      try {
        segment = new OpenSegment(this.#directory, first);
      } catch (error) {
        if (error instanceof DamagedLog && first === this.#segments.at(-1)?.first) return undefined;
        throw error;
      }
      segment.refresh();
      this.#open.set(first, segment);
    }
    return segment;
  }

  #closedSegment(first: number): ClosedSegment {
    const known = this.#closed.get(first);
    const segment = known ?? ClosedSegment.at(this.#directory, first);
    // The one that was used last stands last.
    this.#closed.delete(first);
    this.#closed.set(first, segment);
    for (const [oldest, other] of this.#closed) {
      if (this.#closed.size <= mostKept) break;
      other.close();
      this.#closed.delete(oldest);
    }
    return segment;
  }
}
