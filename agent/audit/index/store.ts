/**
 * The index of the whole log: files for closed segments, made when they are absent or damaged, and
 * memory for the segment that is being written. It is derived from the log and never taken for
 * evidence: what is shown is read from the log and checked against the filter again.
 */
import { mkdirSync, readdirSync, rmSync, statSync } from "node:fs";
import { join } from "node:path";
import { bundleEvents } from "../segments/format.ts";
import { DamagedLog, type LogReader, type Segment } from "../segments/reader.ts";
import { SegmentBuilder } from "./builder.ts";
import { fieldsOf } from "./fields.ts";
import {
  DamagedIndex,
  FormerIndex,
  indexPath,
  type OpenIndex,
  openIndex,
  writeIndex,
} from "./file.ts";
import type { SegmentIndex } from "./segment.ts";

/** Files that are kept open, with their headers in memory. */
const mostOpen = 256;
/** Indexes that could not be written and are kept in memory, 1 MiB each. */
const mostUnwritten = 4;

export type Report = (event: string, facts: Record<string, unknown>) => void;

export class LogIndex {
  readonly #directory: string;
  readonly #reader: LogReader;
  readonly #report: Report;
  #size = 0;
  #present: ReadonlyMap<number, Segment> = new Map();
  /** Of the segment that is being written; a few only while segments wait to be closed. */
  readonly #builders = new Map<number, SegmentBuilder>();
  readonly #frozen = new Map<number, SegmentIndex>();
  readonly #files = new Map<number, OpenIndex>();
  readonly #unwritten = new Map<number, SegmentIndex>();
  /** Earliest and latest times of closed segments, so that most need not be opened. */
  readonly #times = new Map<number, { base: number; last: number }>();

  constructor(directory: string, reader: LogReader, report: Report) {
    this.#directory = directory;
    this.#reader = reader;
    this.#report = report;
  }

  close(): void {
    for (const file of this.#files.values()) file.close();
    this.#files.clear();
  }

  /** Takes notice of new events. @param size how many may be read, where somebody knows better */
  refresh(size = Infinity): number {
    this.#size = Math.min(this.#reader.refresh(), size);
    const present = new Map(this.#reader.segments().map((segment) => [segment.first, segment]));
    this.#present = present;
    for (const first of this.#builders.keys()) {
      if (!present.has(first)) this.#forget(first);
    }
    for (const [first, file] of this.#files) {
      if (present.get(first)?.state === "closed") continue;
      file.close();
      this.#files.delete(first);
      this.#times.delete(first);
    }
    return this.#size;
  }

  get size(): number {
    return this.#size;
  }

  /** Segments that are there, newest first, no further than the size. */
  segments(): Segment[] {
    return [...this.#present.keys()]
      .map((first) => this.current(first))
      .filter((segment) => segment !== undefined)
      .reverse();
  }

  /** @returns the segment that begins there as it is now; undefined for one that is gone. */
  current(first: number): Segment | undefined {
    const segment = this.#present.get(first);
    if (segment === undefined || segment.state === "gone" || first >= this.#size) return undefined;
    return { ...segment, count: Math.min(segment.count, this.#size - first) };
  }

  /** @returns whether a segment may have events between two times; true where it is not known. */
  mayHave({ first }: Segment, from: number, to: number): boolean {
    const times = this.#times.get(first);
    return times === undefined || (times.last >= from && times.base < to);
  }

  /** Hands the index of a segment to `use`; a damaged one is made anew, once. */
  use<T>(segment: Segment, use: (index: SegmentIndex) => T): T {
    try {
      return use(this.#indexOf(segment));
    } catch (error) {
      if (!(error instanceof DamagedIndex)) throw error;
      const what = "an index of the audit log is damaged and made anew";
      if (!(error instanceof FormerIndex)) this.#report(what, { error: error.message });
      this.discard(segment.first);
      return use(this.#make(segment));
    }
  }

  /** Forgets what is known of a segment, its file too, so that the segment is read again. */
  discard(first: number): void {
    rmSync(this.#path(first), { force: true });
    this.#files.get(first)?.close();
    this.#files.delete(first);
    this.#unwritten.delete(first);
    this.#times.delete(first);
    this.#forget(first);
  }

  /**
   * Makes one file that is missing, newest first, and removes those of segments that are gone.
   * @returns false when there is nothing left to do.
   */
  catchUp(): boolean {
    const closed = this.segments().filter(({ state }) => state === "closed");
    for (const segment of closed) {
      if (this.#times.has(segment.first)) continue;
      const before = this.#unwritten.size;
      this.use(segment, ({ header }) => header);
      if (this.#unwritten.size > before) return false;
      return true;
    }
    this.#removeStale(new Set(closed.map(({ first }) => first)));
    return false;
  }

  #indexOf(segment: Segment): SegmentIndex {
    if (segment.state === "open") return this.#growing(segment);
    const { first } = segment;
    const unwritten = this.#unwritten.get(first);
    if (unwritten !== undefined) return unwritten;
    const known = this.#files.get(first);
    if (known !== undefined) {
      this.#files.delete(first);
      this.#files.set(first, known);
      return known.index;
    }
    const missing = statSync(this.#path(first), { throwIfNoEntry: false }) === undefined;
    return missing ? this.#make(segment) : this.#opened(segment);
  }

  #path(first: number): string {
    return indexPath(this.#directory, first);
  }

  #opened(segment: Segment): SegmentIndex {
    const file = openIndex(this.#directory, segment.first, statSync(segment.file).size);
    const { header } = file.index;
    if (header.count !== segment.count) {
      file.close();
      throw new DamagedIndex(`the index of ${segment.file} does not have all of its events`);
    }
    this.#files.set(segment.first, file);
    this.#times.set(segment.first, { base: header.base, last: header.last });
    for (const [first, oldest] of this.#files) {
      if (this.#files.size <= mostOpen) break;
      oldest.close();
      this.#files.delete(first);
    }
    return file.index;
  }

  #make(segment: Segment): SegmentIndex {
    if (segment.state === "open") return this.#growing(segment);
    const { first, file } = segment;
    const builder = this.#fed(segment);
    const index = builder.freeze(statSync(file).size);
    this.#forget(first);
    try {
      mkdirSync(join(this.#directory, "index"), { recursive: true, mode: 0o700 });
      writeIndex(this.#directory, index);
      return this.#opened(segment);
    } catch (error) {
      this.#report("an index of the audit log cannot be written", { error: String(error) });
      this.#times.set(first, { base: index.header.base, last: index.header.last });
      this.#unwritten.set(first, index);
      const [oldest] = this.#unwritten.keys();
      if (this.#unwritten.size > mostUnwritten && oldest !== undefined) {
        this.#unwritten.delete(oldest);
      }
      return index;
    }
  }

  #growing(segment: Segment): SegmentIndex {
    const known = this.#frozen.get(segment.first);
    if (known?.header.count === segment.count) return known;
    const index = this.#fed(segment).freeze();
    this.#frozen.set(segment.first, index);
    return index;
  }

  /** @returns the builder of a segment with all of its events. */
  #fed({ first, count }: Segment): SegmentBuilder {
    let builder = this.#builders.get(first);
    // What was only written and then cut off is read again.
    if (builder === undefined || builder.count > count) {
      builder = new SegmentBuilder(first);
      this.#builders.set(first, builder);
    }
    while (builder.count < count) {
      const from = first + builder.count;
      const bundleEnd = (Math.floor(from / bundleEvents) + 1) * bundleEvents;
      const wanted = Math.min(bundleEnd, first + count) - from;
      const events = this.#payloads(from, wanted);
      for (let i = 0; i < wanted; i++) builder.add(fieldsOf(events[i]));
    }
    return builder;
  }

  #payloads(from: number, count: number): Buffer[] {
    try {
      return this.#reader.payloads(from, count).map(({ payload }) => payload);
    } catch (error) {
      if (!(error instanceof DamagedLog)) throw error;
      this.#report("events of the audit log cannot be read; verify it", { error: error.message });
      return [];
    }
  }

  #forget(first: number): void {
    this.#builders.delete(first);
    this.#frozen.delete(first);
  }

  #removeStale(present: ReadonlySet<number>): void {
    const folder = join(this.#directory, "index");
    if (statSync(folder, { throwIfNoEntry: false }) === undefined) return;
    for (const name of readdirSync(folder)) {
      const [, digits] = /^([0-9]{20})\.idx(\.new)?$/.exec(name) ?? [];
      if (digits === undefined || (present.has(Number(digits)) && !name.endsWith(".new"))) continue;
      rmSync(join(folder, name), { force: true });
    }
  }
}
