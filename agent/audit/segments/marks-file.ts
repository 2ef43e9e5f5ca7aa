import { closeSync, constants, openSync, readFileSync } from "node:fs";
import { dirname } from "node:path";
import { makeDirectory, writeAll } from "./durable.ts";
import { marksPath } from "./files.ts";
import { encodeMark, type Mark, markBytes } from "./marks.ts";

/**
 * The marks of the segment that is being written. Since they can be made again, a mark that cannot
 * be written, on a full disk for example, keeps no event from the log: `complete` tries again.
 */
export class MarksFile {
  readonly #path: string;
  #fd: number | undefined;
  /** Marks in the file; undefined when that is not known. */
  #count: number | undefined;
  #waiting: Mark[] = [];

  /** @param count how many marks of the file are good; undefined where some are missing */
  constructor(directory: string, first: number, count: number | undefined) {
    this.#path = marksPath(directory, first);
    this.#count = count;
  }

  /** For a bundle that is not on the disk yet. */
  add(mark: Mark): void {
    this.#waiting.push(mark);
  }

  /** The bundles are on the disk now. */
  write(): void {
    const marks = this.#waiting;
    this.#waiting = [];
    if (marks.length === 0 || this.#count === undefined) return;
    this.#put(marks, this.#count);
  }

  /** @param all asked for when marks are missing */
  complete(bundles: number, all: () => Mark[]): void {
    if (this.#count !== undefined && this.#count + this.#waiting.length === bundles) return;
    this.close();
    this.#waiting = []; // among all
    this.#put(all(), 0);
  }

  close(): void {
    if (this.#fd !== undefined) closeSync(this.#fd);
    this.#fd = undefined;
  }

  #put(marks: Mark[], at: number): void {
    const bytes = Buffer.concat(marks.map(encodeMark));
    try {
      this.#fd ??= this.#open(at);
      writeAll(this.#fd, bytes, at * markBytes);
      this.#count = at + marks.length;
    } catch {
      this.#count = undefined;
      this.close();
    }
  }

  /** @param kept marks of the file that stay */
  #open(kept: number): number {
    makeDirectory(dirname(this.#path));
    const old = kept === 0 ? Buffer.alloc(0) : readFileSync(this.#path);
    const flags = constants.O_RDWR | constants.O_CREAT | constants.O_TRUNC | constants.O_NOFOLLOW;
    const fd = openSync(this.#path, flags, 0o600);
    writeAll(fd, old.subarray(0, kept * markBytes), 0);
    return fd;
  }
}
