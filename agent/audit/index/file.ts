/**
 * Files of the index, `index/<first>.idx`: magic (8 bytes), length and CRC-32 of the header (4 each),
 * the header as JSON, then the parts, each at a multiple of 8, with length and CRC-32 in the header.
 * Numbers are in the byte order of the machine; a file from another machine is not recognised and
 * made anew, like one that is damaged.
 */
import { closeSync, fstatSync, openSync, readSync, renameSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { crc32 } from "node:zlib";
import { readAt } from "../segments/files.ts";
import { segmentEvents, segmentName } from "../segments/format.ts";
import { type Header, type PartName, type Parts, SegmentIndex } from "./segment.ts";

const magicOf = (value: bigint) => Buffer.from(new BigUint64Array([value]).buffer);
const magic = magicOf(0x4453_4543_4944_5832n);
/** Of the form without blocks, which is made anew too, but is no sign of damage. */
const formerMagic = magicOf(0x4453_4543_4944_5831n);
const preamble = 16;
const mostHeader = 32 * 1024 * 1024;
const mostPart = 8 * segmentEvents;

type Width = 1 | 2 | 4 | 8;
/** Bytes of a number; names have one or two, told by the length. */
const widths: Record<PartName, Width | undefined> = {
  time: 4,
  blockTimes: 4,
  blockKinds: 2,
  kind: 1,
  tenant: undefined,
  action: undefined,
  actorKeys: 8,
  actorStarts: 2,
  actorRows: 2,
  flowKeys: 8,
  flowStarts: 2,
  flowRows: 2,
  object: 2,
  objectLow: 1,
};
const names = Object.keys(widths) as PartName[];

interface Place {
  at: number;
  length: number;
  crc: number;
}

type FileHeader = Header & { parts: Record<PartName, Place> };

/** A file of the index that is missing, cut off, changed, or of another segment. */
export class DamagedIndex extends Error {
  override name = "DamagedIndex";
}

/** A file of the form that an earlier version of the agent wrote. */
export class FormerIndex extends DamagedIndex {
  override name = "FormerIndex";
}

export function indexPath(directory: string, first: number): string {
  return join(directory, "index", `${segmentName(first)}.idx`);
}

export function encodeIndex(index: SegmentIndex): Buffer {
  const bodies: Buffer[] = [];
  let at = 0;
  const parts = Object.fromEntries(
    names.map((name) => {
      const { buffer, byteOffset, byteLength } = index.part(name);
      const bytes = Buffer.from(buffer, byteOffset, byteLength);
      const place: Place = { at, length: byteLength, crc: crc32(bytes) };
      const padded = Math.ceil(byteLength / 8) * 8;
      bodies.push(bytes, Buffer.alloc(padded - byteLength));
      at += padded;
      return [name, place];
    }),
  );
  const json = JSON.stringify({ ...index.header, parts });
  const header = Buffer.from(json.padEnd(json.length + ((8 - (Buffer.byteLength(json) % 8)) % 8)));
  const start = Buffer.alloc(preamble);
  magic.copy(start);
  start.writeUInt32LE(header.length, 8);
  start.writeUInt32LE(crc32(header), 12);
  return Buffer.concat([start, header, ...bodies]);
}

/** Whole or not at all; it need not outlive a power cut. */
export function writeIndex(directory: string, index: SegmentIndex): void {
  const path = indexPath(directory, index.header.first);
  writeFileSync(`${path}.new`, encodeIndex(index), { mode: 0o600 });
  renameSync(`${path}.new`, path);
}

/**
 * @param first,bytes of the segment that it must be the index of
 * @returns an index whose parts are read and checked when they are asked for.
 * @throws DamagedIndex now or when a part is asked for.
 */
export function openIndex(directory: string, first: number, bytes: number): OpenIndex {
  const path = indexPath(directory, first);
  let fd: number;
  try {
    fd = openSync(path, "r");
  } catch (cause) {
    throw new DamagedIndex(`${path} cannot be opened`, { cause });
  }
  try {
    return new OpenIndex(fd, path, first, bytes);
  } catch (error) {
    closeSync(fd);
    throw error;
  }
}

export class OpenIndex {
  readonly index: SegmentIndex;
  readonly #fd: number;
  readonly #path: string;
  readonly #places: Record<PartName, Place>;
  readonly #bodies: number;
  readonly #checked = new Set<PartName>();

  constructor(fd: number, path: string, first: number, bytes: number) {
    this.#fd = fd;
    this.#path = path;
    const start = readAt(fd, 0, preamble);
    if (start.subarray(0, 8).equals(formerMagic))
      throw new FormerIndex(`${path} is of former form`);
    const length = start.length === preamble ? start.readUInt32LE(8) : 0;
    this.#need(start.subarray(0, 8).equals(magic) && length > 0 && length <= mostHeader);
    const json = readAt(fd, preamble, length);
    this.#need(json.length === length && crc32(json) === start.readUInt32LE(12));
    const header = JSON.parse(json.toString("utf8")) as FileHeader;
    this.#need(header.first === first && header.bytes === bytes);
    this.#places = header.parts;
    this.#bodies = preamble + length;
    const last = names.map((name) => header.parts[name]).reduce((a, b) => (a.at > b.at ? a : b));
    this.#need(fstatSync(fd).size >= this.#bodies + last.at + last.length);
    this.index = new SegmentIndex(header, {
      length: (name) => this.#places[name].length / this.#width(name),
      whole: (name) => this.#whole(name),
      slice: (name, from, to) => this.#slice(name, from, to),
    });
  }

  close(): void {
    closeSync(this.#fd);
  }

  #whole<N extends PartName>(name: N): Parts[N] {
    const { at, length, crc } = this.#places[name];
    this.#need(length <= mostPart);
    const bytes = this.#read(at, length);
    if (!this.#checked.has(name)) {
      this.#need(crc32(bytes) === crc);
      this.#checked.add(name);
    }
    return numbers(bytes, this.#width(name)) as Parts[N];
  }

  /** Reads no more than that, once the whole was found to be right. */
  #slice<N extends PartName>(name: N, from: number, to: number): Parts[N] {
    if (!this.#checked.has(name)) return this.#whole(name).subarray(from, to) as Parts[N];
    const { at, length } = this.#places[name];
    const width = this.#width(name);
    this.#need(from <= to && to * width <= length);
    return numbers(this.#read(at + from * width, (to - from) * width), width) as Parts[N];
  }

  #width(name: PartName): number {
    return widths[name] ?? this.#places[name].length / this.index.header.count;
  }

  #read(at: number, length: number): Uint8Array {
    // With a memory of its own, so that the numbers stand where they can be read as such.
    const bytes = Buffer.allocUnsafeSlow(length);
    for (let done = 0; done < length; ) {
      const count = readSync(this.#fd, bytes, done, length - done, this.#bodies + at + done);
      this.#need(count > 0);
      done += count;
    }
    return bytes;
  }

  #need(condition: boolean): void {
    if (!condition) throw new DamagedIndex(`${this.#path} is not a whole index of its segment`);
  }
}

function numbers({ buffer }: Uint8Array, width: number) {
  if (width === 8) return new Float64Array(buffer);
  if (width === 4) return new Uint32Array(buffer);
  if (width === 2) return new Uint16Array(buffer);
  return new Uint8Array(buffer);
}
