/**
 * Tar archives in the ustar form (POSIX.1-2001, pax Interchange Format, "ustar Interchange
 * Format"), with regular files only.
 *
 * A header is 512 bytes: name (100), mode (8), uid (8), gid (8), size (12), mtime (12), sum of the
 * header's bytes (8, taken as spaces for that), type (1), link name (100), `ustar\0` and `00`,
 * owner (32), group (32), device numbers (8 each), prefix of the name (155). Numbers are octal.
 */
import { type FileRef, OpenFile } from "../verify/files.ts";

export const blockBytes = 512;
const sumAt = 148;
const sumBytes = 8;

/** What was given is no archive of the kind; the message says why and where. */
export class TarError extends Error {
  override name = "TarError";
  readonly offset: number;

  constructor(message: string, offset: number) {
    super(message);
    this.offset = offset;
  }
}

/** @returns bytes that fill the last block of a file. */
export function paddingAfter(size: number): number {
  return (blockBytes - (size % blockBytes)) % blockBytes;
}

/** @param mtime seconds since 1970 */
export function tarHeader(path: string, size: number, mtime: number): Buffer {
  const bytes = Buffer.alloc(blockBytes);
  const octal = (value: number, at: number, width: number) => {
    const digits = value.toString(8).padStart(width - 1, "0");
    if (digits.length >= width) throw new RangeError(`${path} is too large for a tar archive`);
    bytes.write(digits, at, "latin1");
  };
  const [prefix, name] = splitPath(path);
  bytes.write(name, 0, "utf8");
  octal(0o440, 100, 8);
  octal(0, 108, 8);
  octal(0, 116, 8);
  octal(size, 124, 12);
  octal(mtime, 136, 12);
  bytes.write("0", 156, "latin1");
  bytes.write("ustar\0", 257, "latin1");
  bytes.write("00", 263, "latin1");
  bytes.write(prefix, 345, "utf8");
  bytes.write(`${sumOf(bytes).toString(8).padStart(6, "0")}\0 `, sumAt, "latin1");
  return bytes;
}

function splitPath(path: string): [prefix: string, name: string] {
  if (Buffer.byteLength(path) <= 100) return ["", path];
  for (let at = path.indexOf("/"); at >= 0; at = path.indexOf("/", at + 1)) {
    const [prefix, name] = [path.slice(0, at), path.slice(at + 1)];
    if (Buffer.byteLength(prefix) <= 155 && Buffer.byteLength(name) <= 100) return [prefix, name];
  }
  throw new RangeError(`${path} is too long a name for a tar archive`);
}

function sumOf(header: Buffer): number {
  let sum = 0;
  for (const [at, byte] of header.entries()) {
    sum += at >= sumAt && at < sumAt + sumBytes ? 0x20 : byte;
  }
  return sum;
}

/**
 * Lists an archive. Every byte of it is looked at: what belongs to no file must be zero.
 *
 * @param file path of the archive
 * @throws TarError
 */
export function filesOfTar(file: string, size: number): Map<string, FileRef> {
  const files = new Map<string, FileRef>();
  const archive = new OpenFile({ path: "", file, offset: 0, size });
  try {
    let at = 0;
    for (;;) {
      const header = archive.bytes(at, blockBytes);
      if (header.length < blockBytes) throw new TarError("The archive ends too early.", at);
      if (isZero(header)) break;
      const { path, size: length } = parseHeader(header, at);
      if (files.has(path)) throw new TarError(`${path} is in the archive twice.`, at);
      files.set(path, { path, file, offset: at + blockBytes, size: length });
      const end = at + blockBytes + length;
      at = end + paddingAfter(length);
      if (at > size) throw new TarError(`${path} goes beyond the end of the archive.`, end);
      if (!isZero(archive.bytes(end, at - end))) {
        throw new TarError(`Behind ${path} there are bytes that belong to no file.`, end);
      }
    }
    if (size - at < 2 * blockBytes) throw new TarError("The archive has no whole end.", at);
    for (; at < size; at += blockBytes) {
      if (isZero(archive.bytes(at, blockBytes))) continue;
      throw new TarError("Behind the end of the archive there are bytes.", at);
    }
  } finally {
    archive.close();
  }
  return files;
}

function isZero(bytes: Buffer): boolean {
  return bytes.every((byte) => byte === 0);
}

function parseHeader(header: Buffer, at: number): { path: string; size: number } {
  const text = (start: number, length: number) => {
    const field = header.subarray(start, start + length);
    const end = field.indexOf(0);
    return field.toString("utf8", 0, end < 0 ? length : end);
  };
  const sum = header.toString("latin1", sumAt, sumAt + sumBytes);
  if (sum !== `${sumOf(header).toString(8).padStart(6, "0")}\0 `) {
    throw new TarError("The header of a file in the archive is damaged.", at);
  }
  const [digits, type] = [text(124, 12).trim(), text(156, 1)];
  if (text(257, 6) !== "ustar" || !/^[0-7]+$/.test(digits)) {
    throw new TarError("A file in the archive is not of the ustar form.", at);
  }
  if (type !== "0") throw new TarError("The archive holds more than regular files.", at);
  const prefix = text(345, 155);
  const path = prefix === "" ? text(0, 100) : `${prefix}/${text(0, 100)}`;
  return { path, size: Number.parseInt(digits, 8) };
}
