/**
 * Closes a full segment: each bundle is compressed on its own, so that it can be read on its own.
 * What is written is read again and checked before it takes the place of the open one; after a
 * crash at any point it is done again, or only what is left of it.
 */
import { closeSync, constants, fsyncSync, openSync, renameSync, rmSync } from "node:fs";
import { dirname } from "node:path";
import { deflateRawSync } from "node:zlib";
import { hashBytes, rootOf } from "../tlog/merkle.ts";
import { ClosedSegment, directoryEntry } from "./closed.ts";
import { syncDirectory, temporaryEnding, writeAll } from "./durable.ts";
import { marksPath, readAt, segmentPath } from "./files.ts";
import {
  bundleEvents,
  chainBytes,
  endMagic,
  footerBytes,
  frameHeaderBytes,
  segmentHeaderBytes,
} from "./format.ts";
import { DamagedLog, type Frame, framesOf, Walk } from "./frames.ts";
import { type BundleBytes, OpenSegment } from "./open.ts";
import { removeSegment } from "./repair.ts";
import { writeTiles } from "./tile-files.ts";

/**
 * Measured with typical events of 390 bytes: level 2 gives 61 bytes for 2 us each, level 6 gives 52
 * for 7 us, level 9 gives 49 for 12 us. What is kept for a year may cost that once.
 */
const compression = { level: 6, memLevel: 9 } as const;

export interface ClosedFile {
  path: string;
  events: number;
  bytes: number;
}

/** @throws DamagedLog when the segment is not as its writer left it; it is left alone then. */
export function closeSegment(directory: string, first: number): ClosedFile {
  const path = segmentPath(directory, first, "closed");
  const temporary = path + temporaryEnding;
  const open = new OpenSegment(directory, first);
  try {
    if (open.refresh() === 0 || open.count % bundleEvents !== 0) {
      throw new DamagedLog(`${open.path} does not end with a bundle`);
    }
    const { bytes, roots } = pack(open, temporary);
    check(open, new ClosedSegment(temporary, first), roots);
    writeTiles(directory, first / bundleEvents, roots);
    renameSync(temporary, path);
    syncDirectory(dirname(path));
    removeSegment(directory, { first, state: "open" });
    rmSync(marksPath(directory, first), { force: true });
    return { path, events: open.count, bytes };
  } catch (error) {
    // It may be a full disk that it failed for.
    rmSync(temporary, { force: true });
    throw error;
  } finally {
    open.close();
  }
}

/** @returns the size of the file, which is on the disk then, and the roots of its bundles. */
function pack(open: OpenSegment, path: string): { bytes: number; roots: Buffer[] } {
  const { first } = open.header;
  const flags = constants.O_RDWR | constants.O_CREAT | constants.O_TRUNC | constants.O_NOFOLLOW;
  const fd = openSync(path, flags, 0o600);
  try {
    writeAll(fd, readAt(open.fd, 0, segmentHeaderBytes), 0);
    let offset = segmentHeaderBytes;
    const directory: Buffer[] = [];
    const roots: Buffer[] = [];
    for (let k = 0; k < open.count / bundleEvents; k++) {
      const bundle = open.bundle(k);
      const frames = framesOf(bundle.bytes, first + k * bundleEvents, true);
      const { root, chain } = hashed(frames, bundle, first / bundleEvents + k);
      if (!open.chainBefore(k + 1).equals(chain)) {
        throw new DamagedLog(`bundle ${k} of ${open.path} does not have its chain value`);
      }
      const plain = plainOf(bundle.bytes, frames);
      const packed = deflateRawSync(plain, compression);
      writeAll(fd, packed, offset);
      const sizes = { offset, packed: packed.length, plain: plain.length };
      directory.push(directoryEntry({ ...sizes, root, chain }));
      roots.push(root);
      offset += packed.length;
    }
    const footer = Buffer.alloc(footerBytes);
    footer.writeBigUInt64BE(BigInt(offset));
    footer.writeBigUInt64BE(BigInt(directory.length), 8);
    footer.write(endMagic, 16, "latin1");
    const end = Buffer.concat([...directory, footer]);
    writeAll(fd, end, offset);
    fsyncSync(fd);
    return { bytes: offset + end.length, roots };
  } finally {
    closeSync(fd);
  }
}

/** Reads the new file as any reader would: it has to give the very frames of the open segment. */
function check(open: OpenSegment, closed: ClosedSegment, roots: readonly Buffer[]): void {
  try {
    const { first } = closed.header;
    if (closed.count !== open.count) throw new DamagedLog(`${closed.path} has not all bundles`);
    roots.forEach((root, k) => {
      const { bytes } = open.bundle(k);
      const right =
        plainOf(bytes, framesOf(bytes, first + k * bundleEvents, true)).equals(
          closed.bundle(k).bytes,
        ) &&
        root.equals(closed.root(k)) &&
        open.chainBefore(k + 1).equals(closed.chainAfter(k));
      if (!right) throw new DamagedLog(`bundle ${k} of ${closed.path} was not written right`);
    });
  } finally {
    closed.close();
  }
}

function hashed(frames: Frame[], { before, saltKey }: BundleBytes, bundle: number) {
  const leaves = Buffer.alloc(bundleEvents * hashBytes);
  const walk = new Walk(saltKey, bundle, before);
  for (const frame of frames) walk.leaves(frame, leaves);
  return { root: rootOf(leaves), chain: walk.chain };
}

/** Frames without their trailing chain values. */
function plainOf(bytes: Buffer, frames: readonly Frame[]): Buffer {
  const parts = frames.map(({ end, bodyBytes }) =>
    bytes.subarray(end - chainBytes - bodyBytes - frameHeaderBytes, end - chainBytes),
  );
  return Buffer.concat(parts);
}
