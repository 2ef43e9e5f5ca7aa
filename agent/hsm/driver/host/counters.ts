/**
 * How often each private key was used, in a file of fixed slots: the count (8 bytes, little-endian),
 * then lengths and texts of token, key and operation. A count is written with one pwrite before the
 * answer leaves, so that it survives the process being killed; the disk gets it within a second.
 */
import { closeSync, constants, fdatasync, fstatSync, openSync, readSync, writeSync } from "node:fs";
import { join } from "node:path";
import type { Log } from "../../../log.ts";
import { DriverError } from "../types.ts";

const slotSize = 192;
const textAt = 8;
const syncMs = 1000;
const openFlags = constants.O_RDWR | constants.O_CREAT;

export type Counts = Record<string, Record<string, Record<string, number>>>;

export interface Counter {
  readonly token: string;
  readonly key: string;
  readonly operation: string;
  readonly at: number;
  count: number;
  dirty: boolean;
}

function slotTexts(slot: Buffer): string[] {
  const texts: string[] = [];
  let at = textAt;
  while (texts.length < 3 && at < slotSize) {
    const length = slot[at] as number;
    if (length === 0 || at + 1 + length > slotSize) return texts;
    texts.push(slot.toString("utf8", at + 1, at + 1 + length));
    at += 1 + length;
  }
  return texts;
}

export class Counters {
  readonly #file: number;
  readonly #log: Log;
  /** By token, key and operation. */
  readonly #slots = new Map<string, Counter>();
  readonly #word = Buffer.alloc(8);
  #end = 0;
  #dirty: Counter[] = [];
  #syncing: NodeJS.Timeout | undefined;

  constructor(directory: string, log: Log) {
    this.#log = log;
    this.#file = openSync(join(directory, "uses"), openFlags, 0o600);
    this.#load();
  }

  #load(): void {
    const { size } = fstatSync(this.#file);
    const slot = Buffer.alloc(slotSize);
    // A slot that was cut off by a full disk is written over.
    for (let at = 0; at + slotSize <= size; at += slotSize) {
      readSync(this.#file, slot, 0, slotSize, at);
      const [token, key, operation] = slotTexts(slot);
      if (token === undefined || key === undefined || operation === undefined) {
        throw new Error(`The count of uses is damaged at byte ${at}; move the file "uses" away.`);
      }
      const count = Number(slot.readBigUInt64LE(0));
      const counter = { token, key, operation, at, count, dirty: false };
      this.#slots.set(`${token}\n${key}\n${operation}`, counter);
      this.#end = at + slotSize;
    }
  }

  /**
   * Makes room for the count of a use before there is one.
   *
   * @throws DriverError diskFull, or Error of the file system, when there is none: so nothing is
   *   used uncounted
   */
  open(token: string, key: string, operation: string): Counter {
    const name = `${token}\n${key}\n${operation}`;
    const known = this.#slots.get(name);
    if (known !== undefined) return known;
    const slot = Buffer.alloc(slotSize);
    let to = textAt;
    for (const text of [token, key, operation]) {
      const length = slot.write(text, to + 1, "utf8");
      if (length !== Buffer.byteLength(text)) throw new Error(`${name} is too long to be counted`);
      slot.writeUInt8(length, to);
      to += 1 + length;
    }
    const written = writeSync(this.#file, slot, 0, slotSize, this.#end);
    // What was written of it is written over by the next one.
    if (written !== slotSize) {
      throw new DriverError("diskFull", "there is no room for the count of uses");
    }
    const counter = { token, key, operation, at: this.#end, count: 0, dirty: false };
    this.#end += slotSize;
    this.#slots.set(name, counter);
    return counter;
  }

  /** Whether a key of the token was ever used here. */
  hasToken(label: string): boolean {
    for (const { token } of this.#slots.values()) if (token === label) return true;
    return false;
  }

  add(counter: Counter, uses = 1): void {
    counter.count += uses;
    if (counter.dirty) return;
    counter.dirty = true;
    this.#dirty.push(counter);
  }

  /** Before answers leave. @throws Error of the file system: then they must not */
  flush(): void {
    if (this.#dirty.length === 0) return;
    for (const counter of this.#dirty) {
      this.#word.writeBigUInt64LE(BigInt(counter.count));
      writeSync(this.#file, this.#word, 0, 8, counter.at);
      counter.dirty = false;
    }
    this.#dirty = [];
    this.#syncing ??= setTimeout(() => this.#sync(), syncMs).unref();
  }

  #sync(): void {
    this.#syncing = undefined;
    fdatasync(this.#file, (error) => {
      if (error) this.#log("error", "the count of uses is not on the disk", { why: error.message });
    });
  }

  all(): Counts {
    const counts: Counts = Object.create(null);
    for (const { token, key, operation, count } of this.#slots.values()) {
      if (count === 0) continue;
      counts[token] ??= Object.create(null) as Counts[string];
      const ofToken = counts[token];
      ofToken[key] ??= Object.create(null) as Record<string, number>;
      ofToken[key][operation] = count;
    }
    return counts;
  }

  close(): void {
    clearTimeout(this.#syncing);
    closeSync(this.#file);
  }
}
