/**
 * Reads auditd's own log, the newest file and those that were rotated away, from a place in the
 * past on. The files are opened before anything is read, so that a rotation in between neither
 * hides nor repeats a record.
 */
import { type FileHandle, open } from "node:fs/promises";
import { Slices } from "../slices.ts";
import { Lines } from "./lines.ts";
import { maxRecordBytes, parseHead, type RecordHead } from "./record.ts";

const chunkBytes = 256 * 1024;
/** auditd's num_logs is at most 999; nobody keeps so many of which the newest are not enough. */
const mostFiles = 100;
const linesPerLook = 64;

/** A place in a file that keeps its name or gets another one. */
export interface Position {
  /** Device and inode. */
  file: string;
  offset: number;
}

export interface Reading {
  /** Whether a place before what was asked for was found; if not, older files are gone. */
  reached: boolean;
  /** When the newest file was last written, milliseconds since 1970. */
  modified: number;
  /** Behind the last whole line. */
  position: Position | undefined;
}

interface Opened {
  handle: FileHandle;
  file: string;
  size: number;
  modified: number;
}

/**
 * @param before tells whether a record is older than all that is looked for
 * @param from where to go on; without it, or when that file is gone, `before` tells
 * @param line gets each line from there on, oldest first
 * @throws the system's error when the newest file cannot be opened
 */
export async function readAuditLog(
  path: string,
  before: (head: RecordHead) => boolean,
  from: Position | undefined,
  line: (line: string) => void | Promise<void>,
): Promise<Reading> {
  const files = await openAll(path);
  try {
    const slices = new Slices();
    const known = files.findIndex(({ file, size }) => file === from?.file && size >= from.offset);
    const { index, at, reached, whole } =
      from !== undefined && known >= 0
        ? { index: known, at: from.offset, reached: true, whole: true }
        : { ...(await findStart(files, before, slices)), whole: false };
    let position: Position | undefined;
    for (let current = index; current >= 0; current--) {
      const opened = files[current];
      if (opened === undefined) break;
      const first = current === index ? at : 0;
      const offset = await readForward(opened, first, first > 0 && !whole, line, slices);
      position = { file: opened.file, offset };
    }
    return { reached, modified: files[0]?.modified ?? 0, position };
  } finally {
    for (const { handle } of files) await handle.close();
  }
}

/** @returns newest first */
async function openAll(path: string): Promise<Opened[]> {
  const files: Opened[] = [];
  const seen = new Set<string>();
  for (let index = 0; index < mostFiles; index++) {
    let handle: FileHandle;
    try {
      handle = await open(index === 0 ? path : `${path}.${index}`, "r");
    } catch (error) {
      if (index > 0 && (error as NodeJS.ErrnoException).code === "ENOENT") break;
      for (const file of files) await file.handle.close();
      throw error;
    }
    const { dev, ino, size, mtimeMs } = await handle.stat();
    // Rotated between two openings: the same file under its next name.
    const file = `${dev}:${ino}`;
    if (seen.has(file)) await handle.close();
    else files.push({ handle, file, size, modified: mtimeMs });
    seen.add(file);
  }
  return files;
}

/** Goes back from the end in steps until a step begins early enough. */
async function findStart(
  files: readonly Opened[],
  before: (head: RecordHead) => boolean,
  slices: Slices,
): Promise<{ index: number; at: number; reached: boolean }> {
  const buffer = Buffer.alloc(2 * maxRecordBytes);
  for (const [index, { handle, size }] of files.entries()) {
    for (let at = size; at > 0; ) {
      at = Math.max(0, at - chunkBytes);
      const head = await firstHead(handle, at, buffer);
      if (head !== undefined && before(head)) return { index, at, reached: true };
      const rest = slices.rest();
      if (rest !== undefined) await rest;
    }
  }
  return { index: files.length - 1, at: 0, reached: false };
}

/** @returns the first whole record at or behind a place */
async function firstHead(
  handle: FileHandle,
  at: number,
  buffer: Buffer,
): Promise<RecordHead | undefined> {
  const { bytesRead } = await handle.read(buffer, 0, buffer.length, at);
  const lines = buffer.toString("latin1", 0, bytesRead).split("\n");
  lines.pop();
  if (at > 0) lines.shift();
  for (const line of lines) {
    const head = parseHead(line);
    if (head !== undefined && !head.type.startsWith("DAEMON_")) return head;
  }
  return undefined;
}

/**
 * From a place on to the file's present end.
 * @param cut whether the place may be within a line, whose rest is left out then
 * @returns where the last whole line ends
 */
async function readForward(
  { handle }: Opened,
  from: number,
  cut: boolean,
  line: (line: string) => void | Promise<void>,
  slices: Slices,
): Promise<number> {
  const lines = new Lines(maxRecordBytes);
  let skip = cut;
  for (let at = from; ; ) {
    const chunk = Buffer.allocUnsafe(chunkBytes);
    const { bytesRead } = await handle.read(chunk, 0, chunkBytes, at);
    if (bytesRead === 0) return at - lines.pending;
    at += bytesRead;
    let count = 0;
    for (const text of lines.push(chunk.subarray(0, bytesRead))) {
      if (skip) {
        skip = false;
        continue;
      }
      const waiting = line(text);
      if (waiting !== undefined) await waiting;
      count += 1;
      if (count % linesPerLook !== 0) continue;
      const rest = slices.rest();
      if (rest !== undefined) await rest;
    }
  }
}
