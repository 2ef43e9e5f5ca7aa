/**
 * The hashes of events: each is put together once as 0x00 || payload || salt || chain value, which
 * without its first byte is what goes into the chain, and with it the leaf of the tree. Nothing is
 * made anew for an event but the two digests, as latin1 strings: cheaper than buffers.
 */
import { hash } from "node:crypto";
import {
  bundleEvents,
  chainBytes,
  frameHeaderBytes,
  lengthBytes,
  saltBytes,
} from "../segments/format.ts";
import { hashBytes } from "../tlog/merkle.ts";

/** Methods of Node's buffers that its types leave out; faster than `write`. */
type FastBuffer = Buffer & { latin1Write(text: string, offset: number, length: number): number };

/** Where the entry is put together, with room for the leaf's prefix; what is hashed lies behind. */
const scratchBytes = 65_544;

/** One buffer for both, so that a payload is moved within it, which costs half as much. */
let work = Buffer.allocUnsafeSlow(scratchBytes + (8 << 20)) as FastBuffer;
let leafViews: Buffer[] = [];
let entryViews: Buffer[] = [];
work[0] = 0;

/**
 * @returns room for bytes that are to be hashed; what was there before is gone. One segment at a
 *   time is verified in a thread.
 */
export function workspace(length: number): Buffer {
  if (scratchBytes + length > work.length) {
    work = Buffer.allocUnsafeSlow(scratchBytes + length) as FastBuffer;
    work[0] = 0;
    leafViews = [];
    entryViews = [];
  }
  return work.subarray(scratchBytes, scratchBytes + length);
}

/** View of the scratch space for an entry of that length, with the leaf's prefix before it. */
function leafView(length: number): Buffer {
  leafViews[length] ??= work.subarray(0, 1 + length);
  return leafViews[length];
}

function entryView(length: number): Buffer {
  entryViews[length] ??= work.subarray(1, 1 + length);
  return entryViews[length];
}

/** A chain value as latin1 text. */
export type Chain = string;

export function chainOf(bytes: Buffer): Chain {
  return bytes.toString("latin1", 0, chainBytes);
}

export function chainBuffer(chain: Chain): Buffer {
  return Buffer.from(chain, "latin1");
}

/** The chain after something that is no event: a header. */
export function linkHeader(bytes: Buffer, start: number, end: number, chain: Chain): Chain {
  bytes.copy(work, 1, start, end);
  work.latin1Write(chain, 1 + end - start, chainBytes);
  return hash("sha3-512", entryView(end - start + chainBytes), "binary");
}

/** Hears of the state after certain events. */
export interface Marks {
  /** Number of events after which it wants to hear next. */
  next: number;
  reached(chain: Chain): void;
}

/**
 * Hashes a frame, whose lengths were checked.
 *
 * @param bytes in the workspace
 * @param at of its header in `bytes`
 * @param leaves of its bundle, where the leaves of its events are put
 * @returns the chain value after it
 */
export function hashFrame(
  bytes: Buffer,
  at: number,
  first: number,
  count: number,
  salts: Buffer,
  leaves: Buffer,
  before: Chain,
  marks: Marks,
): Chain {
  let chain = linkHeader(bytes, at, at + frameHeaderBytes, before);
  let position = at + frameHeaderBytes;
  const place = first % bundleEvents;
  const offset = bytes.byteOffset;
  for (let i = 0, salt = place * saltBytes; i < count; i++) {
    const length = bytes.readUInt32BE(position);
    position += lengthBytes;
    work.copyWithin(1, offset + position, offset + position + length);
    position += length;
    for (let to = 1 + length; to <= length + saltBytes; to++) work[to] = salts[salt++] as number;
    work.latin1Write(chain, 1 + length + saltBytes, chainBytes);
    const size = length + saltBytes + chainBytes;
    const leaf = hash("sha256", leafView(size), "binary");
    (leaves as FastBuffer).latin1Write(leaf, (place + i) * hashBytes, hashBytes);
    chain = hash("sha3-512", entryView(size), "binary");
    if (first + i + 1 === marks.next) marks.reached(chain);
  }
  return chain;
}

const tree = Buffer.alloc(1 + bundleEvents * hashBytes) as FastBuffer;
/** Each pair of hashes with the byte before it, which is the prefix of an inner node. */
const pairs = Array.from({ length: bundleEvents / 2 }, (_, i) =>
  tree.subarray(2 * i * hashBytes, 1 + (2 * i + 2) * hashBytes),
);

/**
 * Root of a whole bundle. Level by level the hashes take the place of those below; the byte before
 * a pair belongs to the pair before, which is used up by then.
 */
export function bundleRoot(leaves: Buffer): Buffer {
  leaves.copy(tree, 1);
  for (let count = bundleEvents / 2; count >= 1; count /= 2) {
    for (let i = 0; i < count; i++) {
      const pair = pairs[i] as Buffer;
      pair[0] = 1;
      tree.latin1Write(hash("sha256", pair, "binary"), 1 + i * hashBytes, hashBytes);
    }
  }
  return Buffer.from(tree.subarray(1, 1 + hashBytes));
}
