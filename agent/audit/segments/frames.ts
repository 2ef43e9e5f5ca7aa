/** Reading frames, and walking the chain and the leaves of the tree through them. */
import { hash } from "node:crypto";
import { hashBytes } from "../tlog/merkle.ts";
import {
  bundleEvents,
  chainBytes,
  decodeFrameHeader,
  type FrameHeader,
  frameHeaderBytes,
  lengthBytes,
  link,
  maximumPayload,
  saltBytes,
  saltsOf,
} from "./format.ts";

/** The log is not as its writer left it; says what and where. */
export class DamagedLog extends Error {
  override readonly name = "DamagedLog";
}

export interface Frame extends FrameHeader {
  /** The 32 bytes that are hashed. */
  header: Buffer;
  payloads: Buffer[];
  /** Chain value after it, as it is stored; undefined in a block of a closed segment. */
  chain: Buffer | undefined;
  /** Offset behind it. */
  end: number;
}

/**
 * @param chained whether the chain value stands behind the records, as in a `.seg`
 * @returns undefined for what is no whole frame that begins with event `first`.
 */
export function frameAt(
  bytes: Buffer,
  offset: number,
  first: number,
  chained: boolean,
): Frame | undefined {
  const header = decodeFrameHeader(bytes, offset, first);
  if (header === undefined) return undefined;
  const start = offset + frameHeaderBytes;
  const records = start + header.bodyBytes;
  const end = records + (chained ? chainBytes : 0);
  if (end > bytes.length) return undefined;
  const payloads: Buffer[] = [];
  let at = start;
  for (let i = 0; i < header.count; i++) {
    if (at + lengthBytes > records) return undefined;
    const length = bytes.readUInt32BE(at);
    at += lengthBytes;
    if (length < 2 || length > maximumPayload || at + length > records) return undefined;
    payloads.push(bytes.subarray(at, at + length));
    at += length;
  }
  if (at !== records) return undefined;
  const chain = chained ? bytes.subarray(records, end) : undefined;
  return { ...header, header: bytes.subarray(offset, start), payloads, chain, end };
}

/** The whole frames that stand one behind the other from the start of `bytes`. */
export function framesOf(bytes: Buffer, first: number, chained: boolean): Frame[] {
  const frames: Frame[] = [];
  for (let offset = 0, next = first; offset < bytes.length; ) {
    const frame = frameAt(bytes, offset, next, chained);
    if (frame === undefined) return frames;
    frames.push(frame);
    offset = frame.end;
    next += frame.count;
  }
  return frames;
}

export interface RawEvent {
  index: number;
  payload: Buffer;
  salt: Buffer;
  /** Chain value before it; the entry is payload, salt and this. */
  previous: Buffer;
  /** Microseconds since 1970. */
  committedAt: bigint;
}

/** Shared: nothing of it is kept from one call to the next. */
const scratch = Buffer.alloc(1 + maximumPayload + saltBytes + chainBytes);

/** Takes a chain value through the frames of a bundle. */
export class Walk {
  /** The chain value so far. */
  chain: Buffer;
  readonly #salts: Buffer;

  /** @param before the chain value before the bundle */
  constructor(saltKey: Buffer, bundle: number, before: Buffer) {
    this.#salts = saltsOf(saltKey, bundle);
    this.chain = before;
  }

  /** @returns the frame's events; their payloads are parts of the frame's bytes. */
  events(frame: Frame): RawEvent[] {
    this.chain = link(frame.header, this.chain);
    return frame.payloads.map((payload, i) => {
      const index = frame.first + i;
      const previous = this.chain;
      const salt = this.#saltOf(index);
      this.chain = hash("sha3-512", this.#entry(payload, salt).subarray(1), "buffer");
      return { index, payload, salt, previous, committedAt: frame.committedAt };
    });
  }

  /** @param into leaf hashes of the bundle, 32 bytes each; those of the frame are written. */
  leaves(frame: Frame, into: Buffer): void {
    this.chain = link(frame.header, this.chain);
    frame.payloads.forEach((payload, i) => {
      const index = frame.first + i;
      const entry = this.#entry(payload, this.#saltOf(index));
      const at = (index % bundleEvents) * hashBytes;
      into.write(hash("sha256", entry, "binary"), at, hashBytes, "latin1");
      this.chain = hash("sha3-512", entry.subarray(1), "buffer");
    });
  }

  #saltOf(index: number): Buffer {
    const at = (index % bundleEvents) * saltBytes;
    return this.#salts.subarray(at, at + saltBytes);
  }

  /** @returns a zero byte and the entry, what a leaf is the hash of. */
  #entry(payload: Buffer, salt: Buffer): Buffer {
    const end = 1 + payload.length;
    payload.copy(scratch, 1);
    salt.copy(scratch, end);
    this.chain.copy(scratch, end + saltBytes);
    return scratch.subarray(0, end + saltBytes + chainBytes);
  }
}
