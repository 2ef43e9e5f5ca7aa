/**
 * Marks of the bundles of an open segment, so that a start need not read and hash all of it. They
 * are derived, and made again when they are missing or do not fit.
 */
import { hash } from "node:crypto";
import { readFileSync } from "node:fs";
import { hashBytes } from "../tlog/merkle.ts";
import { marksPath } from "./files.ts";
import { chainBytes } from "./format.ts";

const sumBytes = 8;
export const markBytes = 8 + hashBytes + chainBytes + sumBytes;

export interface Mark {
  /** Offset behind the bundle's last frame. */
  end: number;
  root: Buffer;
  /** Chain value after the bundle's last event. */
  chain: Buffer;
}

export function encodeMark({ end, root, chain }: Mark): Buffer {
  const bytes = Buffer.alloc(markBytes);
  bytes.writeBigUInt64BE(BigInt(end));
  root.copy(bytes, 8);
  chain.copy(bytes, 8 + hashBytes);
  sumOf(bytes).copy(bytes, markBytes - sumBytes);
  return bytes;
}

/** @returns marks of the first bundles of the segment, as many as are there, whole and in order. */
export function readMarks(directory: string, first: number): Mark[] {
  let bytes: Buffer;
  try {
    bytes = readFileSync(marksPath(directory, first));
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "ENOENT") return [];
    throw error;
  }
  const marks: Mark[] = [];
  for (let at = 0; at + markBytes <= bytes.length; at += markBytes) {
    const one = bytes.subarray(at, at + markBytes);
    if (!sumOf(one).equals(one.subarray(markBytes - sumBytes))) break;
    const end = Number(one.readBigUInt64BE());
    if (end <= (marks.at(-1)?.end ?? 0)) break;
    const root = one.subarray(8, 8 + hashBytes);
    marks.push({ end, root, chain: one.subarray(8 + hashBytes, markBytes - sumBytes) });
  }
  return marks;
}

/** Against a write that was torn, not against anybody. */
function sumOf(mark: Buffer): Buffer {
  return hash("sha256", mark.subarray(0, markBytes - sumBytes), "buffer").subarray(0, sumBytes);
}
