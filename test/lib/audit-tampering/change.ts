/** Changes of single files of a log, by somebody who computes nothing again. */
import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { jcs } from "../audit-builder.ts";
import type { FakeTpm } from "../fake-tpm.ts";
import { open2, seals } from "./logs.ts";

/** @param how changes the bytes in place, or gives others */
export function change(
  directory: string,
  path: string,
  how: (bytes: Buffer) => Buffer | undefined,
): void {
  const file = join(directory, path);
  const bytes = readFileSync(file);
  writeFileSync(file, how(bytes) ?? bytes);
}

/** Flips one bit of the byte at an offset. */
export function flip(directory: string, path: string, offset: (bytes: Buffer) => number): void {
  change(directory, path, (bytes) => {
    const at = offset(bytes);
    bytes[at] = (bytes[at] ?? 0) ^ 1;
  });
}

/** Changes the lines of the seals' file. */
export function lines(directory: string, how: (lines: string[]) => string[]): void {
  change(directory, seals, (bytes) => {
    const changed = how(bytes.toString().trimEnd().split("\n"));
    return Buffer.from(changed.map((line) => `${line}\n`).join(""));
  });
}

export type SealLine = Record<"checkpoint" | "chain" | "time", string> & {
  tpm?: ReturnType<FakeTpm["certify"]>;
};

/** Changes one line of the seals' file, counted from 0. */
export function seal(
  directory: string,
  at: number,
  how: (line: SealLine) => SealLine | undefined,
): void {
  lines(directory, (all) =>
    all.map((line, i) => {
      if (i !== at) return line;
      const value: SealLine = JSON.parse(line);
      return jcs(how(value) ?? value);
    }),
  );
}

/** Where the frames of an open segment begin and end. */
function frames(bytes: Buffer): { at: number; end: number }[] {
  const all = [];
  for (let at = 120; at < bytes.length; ) {
    const end = at + 32 + bytes.readUInt32BE(at + 4) + 64;
    all.push({ at, end });
    at = end;
  }
  return all;
}

export function frame(bytes: Buffer, i: number): { at: number; end: number } {
  return frames(bytes)[i] as { at: number; end: number };
}

/** Rearranges the frames of the open segment. */
export function rearrange(directory: string, how: (all: Buffer[]) => Buffer[]): void {
  change(directory, open2, (bytes) => {
    const all = frames(bytes).map(({ at, end }) => bytes.subarray(at, end));
    return Buffer.concat([bytes.subarray(0, 120), ...how(all)]);
  });
}
