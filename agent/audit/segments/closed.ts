/** Reading a closed segment: bundles by number, each on its own. */
import { closeSync, fstatSync, openSync } from "node:fs";
import { inflateRawSync } from "node:zlib";
import { hashBytes } from "../tlog/merkle.ts";
import { readAt, segmentPath } from "./files.ts";
import {
  bundleEvents,
  chainBytes,
  decodeSegmentHeader,
  directoryEntryBytes,
  endMagic,
  footerBytes,
  link,
  type SegmentHeader,
  segmentEvents,
  segmentHashedBytes,
  segmentHeaderBytes,
} from "./format.ts";
import { DamagedLog } from "./frames.ts";
import type { BundleBytes } from "./open.ts";

const mostBundles = segmentEvents / bundleEvents;

export class ClosedSegment {
  readonly header: SegmentHeader;
  readonly path: string;
  readonly #fd: number;
  /** Chain value after the header. */
  readonly #start: Buffer;
  readonly #directory: Buffer;

  /** @throws DamagedLog when header, directory and footer cannot be right. */
  constructor(path: string, first: number) {
    this.path = path;
    this.#fd = openSync(path, "r");
    try {
      const bytes = readAt(this.#fd, 0, segmentHeaderBytes);
      const header = decodeSegmentHeader(bytes);
      if (header?.first !== first) throw new DamagedLog(`${path} has no right header`);
      this.header = header;
      this.#start = link(bytes.subarray(0, segmentHashedBytes), header.before);
      this.#directory = this.#readDirectory();
    } catch (error) {
      closeSync(this.#fd);
      throw error;
    }
  }

  static at(directory: string, first: number): ClosedSegment {
    return new ClosedSegment(segmentPath(directory, first, "closed"), first);
  }

  close(): void {
    closeSync(this.#fd);
  }

  get bundles(): number {
    return this.#directory.length / directoryEntryBytes;
  }

  get count(): number {
    return this.bundles * bundleEvents;
  }

  /** @param k number of the bundle within the segment */
  bundle(k: number): BundleBytes {
    const entry = this.#entry(k);
    const offset = Number(entry.readBigUInt64BE());
    const length = entry.readUInt32BE(8);
    const plain = entry.readUInt32BE(12);
    const packed = readAt(this.#fd, offset, length);
    let bytes: Buffer;
    try {
      bytes = inflateRawSync(packed, { maxOutputLength: plain });
    } catch (cause) {
      throw new DamagedLog(`bundle ${k} of ${this.path} cannot be unpacked`, { cause });
    }
    if (packed.length !== length || bytes.length !== plain) {
      throw new DamagedLog(`bundle ${k} of ${this.path} does not have its size`);
    }
    const before = k === 0 ? this.#start : this.chainAfter(k - 1);
    return { bytes, before, saltKey: this.header.saltKey, chained: false };
  }

  root(k: number): Buffer {
    return this.#entry(k).subarray(16, 16 + hashBytes);
  }

  /** @returns the chain value after the last event of a bundle. */
  chainAfter(k: number): Buffer {
    return this.#entry(k).subarray(16 + hashBytes);
  }

  #entry(k: number): Buffer {
    if (k < 0 || k >= this.bundles) throw new RangeError(`${this.path} has no bundle ${k}`);
    return this.#directory.subarray(k * directoryEntryBytes, (k + 1) * directoryEntryBytes);
  }

  #readDirectory(): Buffer {
    const { size } = fstatSync(this.#fd);
    const footer = readAt(this.#fd, Math.max(0, size - footerBytes), footerBytes);
    const damaged = new DamagedLog(`${this.path} does not end as a closed segment does`);
    if (footer.length !== footerBytes || footer.toString("latin1", 16) !== endMagic) throw damaged;
    const offset = Number(footer.readBigUInt64BE());
    const bundles = Number(footer.readBigUInt64BE(8));
    if (!(bundles >= 1 && bundles <= mostBundles)) throw damaged;
    const length = bundles * directoryEntryBytes;
    if (offset + length + footerBytes !== size) throw damaged;
    const directory = readAt(this.#fd, offset, length);
    let position = segmentHeaderBytes;
    for (let at = 0; at < length; at += directoryEntryBytes) {
      if (Number(directory.readBigUInt64BE(at)) !== position) throw damaged;
      position += directory.readUInt32BE(at + 8);
    }
    if (position !== offset) throw damaged;
    return directory;
  }
}

/** Bytes of an entry of a closed segment's directory. */
export function directoryEntry(entry: {
  offset: number;
  packed: number;
  plain: number;
  root: Buffer;
  chain: Buffer;
}): Buffer {
  const bytes = Buffer.alloc(directoryEntryBytes);
  bytes.writeBigUInt64BE(BigInt(entry.offset));
  bytes.writeUInt32BE(entry.packed, 8);
  bytes.writeUInt32BE(entry.plain, 12);
  entry.root.copy(bytes, 16);
  entry.chain.copy(bytes, directoryEntryBytes - chainBytes);
  return bytes;
}
