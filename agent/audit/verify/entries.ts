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

const maximumEntry = 65_535;
const scratch = Buffer.alloc(1 + maximumEntry);
const leafViews: Buffer[] = [];
const entryViews: Buffer[] = [];

/** View of the scratch buffer for an entry of that length, with the leaf's prefix before it. */
function leafView(length: number): Buffer {
  leafViews[length] ??= scratch.subarray(0, 1 + length);
  return leafViews[length];
}

function entryView(length: number): Buffer {
  entryViews[length] ??= scratch.subarray(1, 1 + length);
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
  bytes.copy(scratch, 1, start, end);
  scratch.write(chain, 1 + end - start, chainBytes, "latin1");
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
  for (let i = 0; i < count; i++) {
    const length = bytes.readUInt32BE(position);
    position += lengthBytes;
    bytes.copy(scratch, 1, position, position + length);
    position += length;
    const salt = (place + i) * saltBytes;
    salts.copy(scratch, 1 + length, salt, salt + saltBytes);
    scratch.write(chain, 1 + length + saltBytes, chainBytes, "latin1");
    const size = length + saltBytes + chainBytes;
    const leaf = hash("sha256", leafView(size), "binary");
    leaves.write(leaf, (place + i) * hashBytes, hashBytes, "latin1");
    chain = hash("sha3-512", entryView(size), "binary");
    if (first + i + 1 === marks.next) marks.reached(chain);
  }
  return chain;
}
