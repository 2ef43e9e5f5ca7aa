/**
 * Builds frames in one buffer, and takes chain and leaves along. A payload is copied once: salt and
 * chain value are put behind it for the time of hashing, where the next record comes after that.
 */
import { hash } from "node:crypto";
import { hashBytes, rootOf } from "../tlog/merkle.ts";
import {
  bundleEvents,
  chainBytes,
  encodeFrameHeader,
  frameHeaderBytes,
  lengthBytes,
  maximumPayload,
  saltBytes,
  saltsOf,
} from "./format.ts";

const capacity = 1024 * 1024;
/** Behind a payload: salt and chain value while it is hashed, the frame's chain value after that. */
const tailBytes = saltBytes + chainBytes;

/** Methods of Node's buffers that its types leave out; several times faster than `write`. */
type FastBuffer = Buffer & { latin1Write(text: string, offset: number, length: number): number };

export interface BuilderState {
  /** Index of the next event. */
  next: number;
  chain: Buffer;
  saltKey: Buffer;
  /** Leaf hashes of the events of the present bundle. */
  leaves: Buffer;
}

export interface CompletedBundle {
  root: Buffer;
  chain: Buffer;
  /** Offset in the buffer behind its last frame. */
  end: number;
}

export class FrameBuilder {
  readonly #buffer = Buffer.allocUnsafeSlow(capacity) as FastBuffer;
  readonly #leaves = Buffer.alloc(bundleEvents * hashBytes) as FastBuffer;
  readonly #saltKey: Buffer;
  #salts: Buffer;
  /** One character a byte: no ArrayBuffer is made for each digest, which costs more than hashing. */
  #chain: string;
  #next: number;
  #used = 0;
  #completed: CompletedBundle[] = [];

  constructor({ next, chain, saltKey, leaves }: BuilderState) {
    this.#next = next;
    this.#chain = chain.toString("latin1");
    this.#saltKey = saltKey;
    this.#salts = saltsOf(saltKey, Math.floor(next / bundleEvents));
    leaves.copy(this.#leaves);
  }

  get next(): number {
    return this.#next;
  }

  get chain(): Buffer {
    return Buffer.from(this.#chain, "latin1");
  }

  /** Leaf hashes of the events of the bundle that is not full yet. */
  get leaves(): Buffer {
    return Buffer.from(this.#leaves.subarray(0, (this.#next % bundleEvents) * hashBytes));
  }

  /** @returns what was built since the last call, which is used up by that. */
  take(): { bytes: Buffer; completed: CompletedBundle[] } {
    const taken = { bytes: this.#buffer.subarray(0, this.#used), completed: this.#completed };
    this.#used = 0;
    this.#completed = [];
    return taken;
  }

  /**
   * Adds a frame with as many payloads as fit the bundle and the buffer.
   * @param committedAt microseconds since 1970
   * @returns how many; 0 when the buffer is full.
   */
  add(payloads: readonly Buffer[], from: number, committedAt: bigint): number {
    const { count, bodyBytes } = this.#fitting(payloads, from);
    if (count === 0) return 0;
    const buffer = this.#buffer;
    let at = this.#used + frameHeaderBytes;
    encodeFrameHeader({ bodyBytes, count, first: this.#next, committedAt }, buffer, this.#used);
    buffer.latin1Write(this.#chain, at, chainBytes);
    this.#chain = hash("sha3-512", buffer.subarray(this.#used, at + chainBytes), "binary");
    for (let i = from; i < from + count; i++) at = this.#record(payloads[i] as Buffer, at);
    buffer.latin1Write(this.#chain, at, chainBytes);
    this.#used = at + chainBytes;
    if (this.#next % bundleEvents === 0) this.#completeBundle();
    return count;
  }

  /** @returns the offset behind the record. */
  #record(payload: Buffer, at: number): number {
    const buffer = this.#buffer;
    const { length } = payload;
    const slot = this.#next % bundleEvents;
    const start = at + lengthBytes;
    const end = start + length + tailBytes;
    buffer.set(payload, start);
    const salts = this.#salts;
    for (let i = 0, from = slot * saltBytes, to = start + length; i < saltBytes; i++) {
      buffer[to + i] = salts[from + i] as number;
    }
    buffer.latin1Write(this.#chain, end - chainBytes, chainBytes);
    // The byte before the payload is the zero that a leaf begins with, before it is a length's.
    buffer[start - 1] = 0;
    const leaf = hash("sha256", buffer.subarray(start - 1, end), "binary");
    this.#leaves.latin1Write(leaf, slot * hashBytes, hashBytes);
    this.#chain = hash("sha3-512", buffer.subarray(start, end), "binary");
    buffer[at] = 0;
    buffer[at + 1] = 0;
    buffer[at + 2] = length >> 8;
    buffer[at + 3] = length & 255;
    this.#next += 1;
    return start + length;
  }

  #fitting(payloads: readonly Buffer[], from: number): { count: number; bodyBytes: number } {
    const most = Math.min(payloads.length - from, bundleEvents - (this.#next % bundleEvents));
    const space = capacity - this.#used - frameHeaderBytes - tailBytes;
    let bodyBytes = 0;
    let count = 0;
    while (count < most) {
      const { length } = payloads[from + count] as Buffer;
      if (length < 2 || length > maximumPayload)
        throw new RangeError(`a payload of ${length} bytes`);
      if (bodyBytes + lengthBytes + length > space) break;
      bodyBytes += lengthBytes + length;
      count += 1;
    }
    return { count, bodyBytes };
  }

  #completeBundle(): void {
    const root = rootOf(this.#leaves);
    this.#completed.push({ root, chain: this.chain, end: this.#used });
    this.#salts = saltsOf(this.#saltKey, this.#next / bundleEvents);
  }
}
