/**
 * Writes the log: synchronous, for one thread of one process. What `append` took is in the file;
 * `sync` brings it to the disk. After a failure nothing is written until `reopen` has looked at
 * the file again: the page cache cannot be trusted then.
 */
import { randomBytes } from "node:crypto";
import { closeSync, constants, fdatasyncSync, fstatSync, fsyncSync, openSync } from "node:fs";
import { join } from "node:path";
import type { CompactRange } from "../tlog/merkle.ts";
import { FrameBuilder } from "./builder.ts";
import { makeDirectory, syncDirectory, writeAll } from "./durable.ts";
import { segmentPath } from "./files.ts";
import {
  bundleEvents,
  encodeSegmentHeader,
  saltKeyBytes,
  segmentEvents,
  segmentHeaderBytes,
} from "./format.ts";
import { MarksFile } from "./marks-file.ts";
import { recover, type Torn } from "./recovery.ts";
import { lastPlace, repair } from "./repair.ts";
import { fillRoots, marksOf, treeBefore } from "./roots.ts";

/**
 * A segment is closed at the next bundle when its first event is older, in milliseconds: only
 * closed ones are copied elsewhere, and retention removes whole ones.
 */
const longestOpen = 86_400_000;

/** Of a bundle's root in the tree, whose leaves have level 0. */
const bundleLevel = Math.log2(bundleEvents);

export interface Head {
  size: number;
  /** Of the Merkle tree, 32 bytes. */
  root: Buffer;
  /** Chain value after the last event, 64 bytes. */
  chain: Buffer;
}

interface Reached {
  /** Index of the segment's first event. */
  segment: number;
  /** Number of events. */
  size: number;
  /** Where the last one ends in the segment. */
  end: number;
}

interface Current {
  first: number;
  fd: number;
  /** When its first event was committed, in milliseconds since 1970; when there is none, now. */
  since: number;
  /** Where the next frame goes. */
  end: number;
  /** Roots of its full bundles; undefined where they have to be computed. */
  roots: (Buffer | undefined)[];
  marks: MarksFile;
  builder: FrameBuilder;
}

export class SegmentWriter {
  readonly directory: string;
  readonly #now: () => number;
  #current: Current | undefined;
  /** Bundles before the present segment. */
  #before: CompactRange | undefined;
  /** What is on the disk for certain; undefined until the log was looked at. */
  #durable: Reached | undefined;
  /** What is written at least. */
  #written: Reached | undefined;
  /** Told with the index of the first event of the segment that is written from now on. */
  onSegment: (first: number) => void = () => {};

  /** @param now milliseconds since 1970 */
  constructor(directory: string, now: () => number = Date.now) {
    this.directory = directory;
    this.#now = now;
  }

  /** Takes up the log where it ends, or begins one. @returns what a crash left, if anything. */
  open(): Torn | undefined {
    for (const part of ["log", "index", "tile"]) makeDirectory(join(this.directory, part));
    repair(this.directory);
    return this.#take();
  }

  /** Number of events that are written. */
  get size(): number {
    return this.#written?.size ?? 0;
  }

  get durableSize(): number {
    return this.#durable?.size ?? 0;
  }

  get isOpen(): boolean {
    return this.#current !== undefined;
  }

  /** Index of the first event of the segment that is being written. */
  get segment(): number {
    return this.#need().first;
  }

  /** How many events `append` takes at once. */
  get room(): number {
    return segmentEvents - (this.size % segmentEvents);
  }

  /**
   * @param payloads canonical JSON, at most `room` of them
   * @returns the index of the first one
   * @throws the file system's error; then `reopen` comes next.
   */
  append(payloads: readonly Buffer[]): number {
    const first = this.size;
    if (payloads.length > this.room) throw new RangeError("events of two segments at once");
    try {
      this.#turnPage();
      const current = this.#need();
      const committedAt = BigInt(this.#now()) * 1000n;
      for (let from = 0; from < payloads.length; ) {
        const added = current.builder.add(payloads, from, committedAt);
        if (added === 0) this.#flush(current);
        from += added;
      }
      this.#flush(current);
      const { first: segment, end } = current;
      // A write that is short without saying so would be found only by whoever verifies.
      if (fstatSync(current.fd).size !== end) throw new Error("the disk took less than it said");
      this.#written = { segment, size: current.builder.next, end };
      return first;
    } catch (error) {
      this.#drop();
      throw error;
    }
  }

  /** Brings to the disk what was written. @throws as `append` does. */
  sync(): void {
    if (this.#written === this.#durable) return;
    const current = this.#need();
    try {
      fdatasyncSync(current.fd);
    } catch (error) {
      // What was only written may be gone from the page cache: the log ends where it is sure.
      this.#written = this.#durable;
      this.#drop();
      throw error;
    }
    this.#durable = this.#written;
    current.marks.write();
  }

  /** Events on the disk, of any number. */
  appendBatch(payloads: readonly Buffer[]): number {
    const first = this.size;
    for (let from = 0; from < payloads.length; ) {
      const part = payloads.slice(from, from + this.room);
      this.append(part);
      from += part.length;
    }
    this.sync();
    return first;
  }

  /**
   * After a failure: cuts off what failed, looks at the file, and goes on behind what was written.
   * @returns what was cut off, if anything.
   */
  reopen(): Torn | undefined {
    this.#drop();
    return this.#take(this.#written);
  }

  /** The durable head; what is only written is synced first. */
  head(): Head {
    this.sync();
    const { first, roots, builder } = this.#need();
    this.completeRoots();
    this.#before ??= treeBefore(this.directory, first);
    const range = this.#before.copy();
    for (const root of roots as Buffer[]) range.append(root, bundleLevel);
    const { leaves } = builder;
    for (let at = 0; at < leaves.length; at += 32) range.append(leaves.subarray(at, at + 32));
    return { size: this.size, root: range.root(), chain: builder.chain };
  }

  /** Computes roots that no mark told, and makes the marks anew. */
  completeRoots(): void {
    const { first, roots, marks } = this.#need();
    fillRoots(this.directory, first, roots);
    marks.complete(roots.length, () => marksOf(this.directory, first, roots as Buffer[]));
  }

  close(): void {
    if (this.#current !== undefined) this.sync();
    this.#drop();
  }

  #need(): Current {
    if (this.#current === undefined) throw new Error("the audit log is not open");
    return this.#current;
  }

  #flush(current: Current): void {
    const { bytes, completed } = current.builder.take();
    writeAll(current.fd, bytes, current.end);
    for (const { root, chain, end } of completed) {
      current.roots.push(root);
      current.marks.add({ root, chain, end: current.end + end });
    }
    current.end += bytes.length;
  }

  /** A new segment where the present one is full, or has been open for long. */
  #turnPage(): void {
    const { first, since, builder } = this.#need();
    const { next } = builder;
    const full = next !== first && next % segmentEvents === 0;
    const old = next !== first && next % bundleEvents === 0 && this.#now() - since > longestOpen;
    if (!full && !old) return;
    this.sync();
    const before = this.#treeBehind();
    this.#drop();
    this.#create(next, builder.chain);
    this.#take();
    this.#before = before;
  }

  /** @returns the tree behind the present segment where that takes no reading; else it waits. */
  #treeBehind(): CompactRange | undefined {
    const { roots } = this.#need();
    if (this.#before === undefined || roots.includes(undefined)) return undefined;
    const range = this.#before.copy();
    for (const root of roots as Buffer[]) range.append(root, bundleLevel);
    return range;
  }

  #create(first: number, before: Buffer): void {
    const path = segmentPath(this.directory, first, "open");
    const flags = constants.O_RDWR | constants.O_CREAT | constants.O_EXCL;
    const fd = openSync(path, flags, 0o600);
    try {
      const openedAt = BigInt(this.#now()) * 1000n;
      const saltKey = randomBytes(saltKeyBytes);
      writeAll(fd, encodeSegmentHeader({ first, openedAt, saltKey, before }), 0);
      fsyncSync(fd);
    } finally {
      closeSync(fd);
    }
    syncDirectory(join(this.directory, "log"));
  }

  /** @param written where the file ends for certain; undefined at the start */
  #take(written?: Reached): Torn | undefined {
    this.#before = undefined;
    const place = lastPlace(this.directory);
    if (place.before !== undefined) this.#create(place.first, place.before);
    const { first } = place;
    const limit = written?.segment === first ? written.end : segmentHeaderBytes;
    const found = recover(this.directory, first, written === undefined ? undefined : limit);
    const path = segmentPath(this.directory, first, "open");
    const fd = openSync(path, constants.O_RDWR | constants.O_APPEND | constants.O_NOFOLLOW);
    try {
      // Events may have been written only when the agent was killed.
      fdatasyncSync(fd);
      const next = first + found.count;
      const { saltKey, since } = found;
      const builder = new FrameBuilder({ next, chain: found.chain, saltKey, leaves: found.leaves });
      const { end, roots } = found;
      const kept = found.marks === roots.length ? roots.length : undefined;
      const marks = new MarksFile(this.directory, first, kept);
      this.#current = { first, fd, since: since ?? this.#now(), end, roots, marks, builder };
      this.#written = { segment: first, size: next, end };
      this.#durable = this.#written;
      this.onSegment(first);
      return found.torn;
    } catch (error) {
      closeSync(fd);
      throw error;
    }
  }

  #drop(): void {
    const current = this.#current;
    this.#current = undefined;
    if (current === undefined) return;
    current.marks.close();
    closeSync(current.fd);
  }
}
