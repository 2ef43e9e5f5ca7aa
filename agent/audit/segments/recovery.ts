/**
 * Where the newest segment really ends. A crash can leave an unfinished frame, or bytes that are
 * none; everything behind the last good frame is cut off, and kept aside where it holds frames.
 */
import { hash } from "node:crypto";
import { closeSync, constants, fdatasyncSync, fstatSync, ftruncateSync, openSync } from "node:fs";
import { basename, join } from "node:path";
import { hashBytes, rootOf } from "../tlog/merkle.ts";
import { writeDurably } from "./durable.ts";
import { readAt } from "./files.ts";
import { bundleEvents, frameHeaderBytes, frameMagic } from "./format.ts";
import { frameAt, Walk } from "./frames.ts";
import { OpenSegment } from "./open.ts";
import { clearFlags } from "./protect.ts";

/** Bundles without marks that are hashed again at most; marks lag by a few. */
const mostHashed = 16;

/** What was cut off. A type, so that it fits details. */
export type Torn = {
  bytes: number;
  /** SHA3-512 of them, hexadecimal. */
  hash: string;
  /** File below the log's directory that keeps them, where they held whole frames. */
  saved?: string;
};

export interface Recovered {
  saltKey: Buffer;
  /** When its first event was committed, milliseconds since 1970; undefined while there is none. */
  since: number | undefined;
  /** Number of events in the segment. */
  count: number;
  end: number;
  chain: Buffer;
  /** Leaf hashes of the bundle that is not full. */
  leaves: Buffer;
  /** Roots of the full bundles, where a mark or the hashing tells them. */
  roots: (Buffer | undefined)[];
  /** Number of marks that fit the segment. */
  marks: number;
  torn: Torn | undefined;
}

/**
 * @param limit cuts there at the latest: what follows was not acknowledged
 * @throws DamagedLog when the segment has no right header.
 */
export function recover(directory: string, first: number, limit = Infinity): Recovered {
  const segment = new OpenSegment(directory, first);
  try {
    segment.refresh();
    const { size } = fstatSync(segment.fd);
    const good = lastGood(segment, Math.min(size, limit));
    const torn = good.end < size ? cut(directory, segment, good.end, size) : undefined;
    const marks = Math.min(segment.marks, Math.floor(good.count / bundleEvents));
    const since = good.count === 0 ? undefined : Number(segment.since) / 1000;
    return { ...good, saltKey: segment.header.saltKey, since, marks, torn };
  } finally {
    segment.close();
  }
}

type Good = Pick<Recovered, "count" | "end" | "chain" | "leaves" | "roots">;

function lastGood(segment: OpenSegment, size: number): Good {
  const { first } = segment.header;
  const last = Math.max(0, Math.ceil(segment.count / bundleEvents) - 1);
  let k = segment.marks > 0 ? Math.max(segment.marks, last - mostHashed) : last;
  while (k > 0 && segment.offsetOf(k) > size) k -= 1;
  const start = segment.offsetOf(k);
  const bytes = readAt(segment.fd, start, size - start);
  const roots = Array.from({ length: k }, (_, i) => segment.root(i));
  let chain = segment.chainBefore(k);
  let count = k * bundleEvents;
  let end = start;
  let leaves: Buffer = Buffer.alloc(bundleEvents * hashBytes);
  let walk = new Walk(segment.header.saltKey, first / bundleEvents + k, chain);
  for (;;) {
    const frame = frameAt(bytes, end - start, first + count, true);
    if (frame === undefined) break;
    walk.leaves(frame, leaves);
    if (frame.chain?.equals(walk.chain) !== true) break;
    chain = walk.chain;
    count += frame.count;
    end = start + frame.end;
    if (count % bundleEvents !== 0) continue;
    roots.push(rootOf(leaves));
    leaves = Buffer.alloc(bundleEvents * hashBytes);
    walk = new Walk(segment.header.saltKey, (first + count) / bundleEvents, chain);
  }
  leaves = leaves.subarray(0, (count % bundleEvents) * hashBytes);
  return { count, end, chain, leaves, roots };
}

function cut(directory: string, segment: OpenSegment, end: number, size: number): Torn {
  const bytes = readAt(segment.fd, end, size - end);
  const digest = hash("sha3-512", bytes, "hex");
  const torn: Torn = { bytes: bytes.length, hash: digest };
  if (holdsFrames(bytes)) {
    torn.saved = join("recovered", `${basename(segment.path)}-${end}-${digest.slice(0, 16)}`);
    writeDurably(join(directory, torn.saved), bytes);
  }
  truncate(segment.path, end);
  return torn;
}

/** Whether frames stand behind the first bad one: more than one write that was torn. */
function holdsFrames(bytes: Buffer): boolean {
  const magic = Buffer.alloc(4);
  magic.writeUInt32BE(frameMagic);
  for (let at = bytes.indexOf(magic); at >= 0; at = bytes.indexOf(magic, at + 1)) {
    if (at + frameHeaderBytes > bytes.length) return false;
    const first = Number(bytes.readBigUInt64BE(at + 16));
    if (frameAt(bytes, at, first, true) !== undefined) return true;
  }
  return false;
}

/** The length is on the disk when this returns. */
export function truncate(path: string, length: number): void {
  clearFlags(path);
  const fd = openToCut(path);
  try {
    ftruncateSync(fd, length);
    fdatasyncSync(fd);
  } finally {
    closeSync(fd);
  }
}

function openToCut(path: string): number {
  try {
    return openSync(path, constants.O_RDWR | constants.O_NOFOLLOW);
  } catch (cause) {
    if ((cause as NodeJS.ErrnoException).code !== "EPERM") throw cause;
    const what = `${path} has a torn end and is append-only, which needs CAP_LINUX_IMMUTABLE`;
    throw new Error(`${what} to undo; run chattr -a on it, then start the agent again`, { cause });
  }
}
