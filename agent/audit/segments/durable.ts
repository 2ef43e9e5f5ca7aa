/** Writes that are on the disk when they return, names included. */
import {
  closeSync,
  constants,
  fsyncSync,
  mkdirSync,
  openSync,
  renameSync,
  unlinkSync,
  writeSync,
} from "node:fs";
import { dirname } from "node:path";
import { readAt } from "./files.ts";

export const temporaryEnding = ".tmp";

/** Writes all of it: a write may be short. @param position where, in bytes from the file's start */
export function writeAll(fd: number, bytes: Buffer, position: number): void {
  for (let done = 0; done < bytes.length; ) {
    const count = writeSync(fd, bytes, done, bytes.length - done, position + done);
    if (count === 0) throw new Error("the disk took no bytes");
    done += count;
  }
}

export function syncDirectory(path: string): void {
  const fd = openSync(path, constants.O_RDONLY | constants.O_DIRECTORY);
  try {
    fsyncSync(fd);
  } finally {
    closeSync(fd);
  }
}

/** Makes a directory, and what is above it, for its owner only. */
export function makeDirectory(path: string): void {
  const made = mkdirSync(path, { recursive: true, mode: 0o700 });
  if (made !== undefined) syncDirectory(dirname(made));
}

/** The file has either all of its new content or what it had before. */
export function writeDurably(path: string, bytes: Buffer): void {
  const temporary = path + temporaryEnding;
  makeDirectory(dirname(path));
  const flags = constants.O_RDWR | constants.O_CREAT | constants.O_TRUNC | constants.O_NOFOLLOW;
  const fd = openSync(temporary, flags, 0o600);
  try {
    writeAll(fd, bytes, 0);
    if (!readAt(fd, 0, bytes.length + 1).equals(bytes)) {
      throw new Error(`${temporary} does not hold what was written to it`);
    }
    fsyncSync(fd);
  } finally {
    closeSync(fd);
  }
  renameSync(temporary, path);
  syncDirectory(dirname(path));
}

export function removeDurably(path: string): void {
  unlinkSync(path);
  syncDirectory(dirname(path));
}
