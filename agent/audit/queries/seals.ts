/** Which checkpoint on record counts an event first, and who certified it. */
import { closeSync, fstatSync, openSync, readdirSync, statSync } from "node:fs";
import { join } from "node:path";
import type { Shown } from "../answers.ts";
import { readAt } from "../segments/files.ts";
import { parseCheckpoint } from "../tlog/checkpoint.ts";
import { NoteError, parseNote } from "../tlog/note.ts";

type Sealed = NonNullable<Shown["sealed"]>;

interface Line {
  size: number;
  time: string;
  tpm: boolean;
  witnesses: number;
  /** Where the next line begins. */
  end: number;
}

const chunk = 8 * 1024;
const longestLine = 1024 * 1024;
/** TPM and witnesses follow within about a minute of a checkpoint every five seconds. */
const mostAfter = 100;

/** @returns null for an event that no checkpoint counts yet. */
export function sealOf(directory: string, index: number): Sealed | null {
  const folder = join(directory, "seals");
  if (statSync(folder, { throwIfNoEntry: false }) === undefined) return null;
  const names = readdirSync(folder)
    .filter((name) => /^\d{4}-\d\d-\d\d\.jsonl$/.test(name))
    .sort();
  // Sizes never fall: the last file that begins with a smaller one, or else the one after it.
  let low = 0;
  let high = names.length;
  while (low < high) {
    const middle = (low + high) >> 1;
    const first = within(join(folder, names[middle] as string), (fd) => lineAt(fd, 0));
    if (first !== undefined && first.size <= index) low = middle + 1;
    else high = middle;
  }
  for (const name of names.slice(Math.max(0, low - 1), low + 1)) {
    const sealed = within(join(folder, name), (fd) => sealIn(fd, index));
    if (sealed !== undefined) return sealed;
  }
  return null;
}

function within<T>(path: string, use: (fd: number) => T): T {
  const fd = openSync(path, "r");
  try {
    return use(fd);
  } finally {
    closeSync(fd);
  }
}

function sealIn(fd: number, index: number): Sealed | undefined {
  // The first line at or behind an offset: the smallest offset whose line counts the event.
  let low = 0;
  let high = fstatSync(fd).size;
  while (low < high) {
    const middle = Math.floor((low + high) / 2);
    const line = lineAt(fd, lineBegin(fd, middle));
    if (line !== undefined && line.size <= index) low = middle + 1;
    else high = middle;
  }
  const first = lineAt(fd, lineBegin(fd, low));
  if (first === undefined || first.size <= index) return undefined;
  let { tpm, witnesses } = first;
  let at = first.end;
  for (let i = 0; i < mostAfter && !(tpm && witnesses > 0); i++) {
    const line = lineAt(fd, at);
    if (line === undefined) break;
    tpm ||= line.tpm;
    witnesses = Math.max(witnesses, line.witnesses);
    at = line.end;
  }
  return { time: first.time, tpm, witnesses };
}

/** @returns where the first line begins that does not begin before the offset. */
function lineBegin(fd: number, offset: number): number {
  if (offset === 0) return 0;
  for (let at = offset - 1; ; ) {
    const bytes = readAt(fd, at, chunk);
    const newline = bytes.indexOf(10);
    if (newline >= 0) return at + newline + 1;
    at += bytes.length;
    if (bytes.length < chunk) return at;
  }
}

/** @returns undefined at the end, and for what is no seal, which verification tells of. */
function lineAt(fd: number, offset: number): Line | undefined {
  let bytes: Buffer = Buffer.alloc(0);
  let newline = -1;
  while (newline < 0 && bytes.length < longestLine) {
    const more = readAt(fd, offset + bytes.length, chunk);
    bytes = Buffer.concat([bytes, more]);
    newline = bytes.indexOf(10);
    if (more.length < chunk) break;
  }
  if (newline < 0) return undefined;
  try {
    const seal = JSON.parse(bytes.toString("utf8", 0, newline)) as Record<string, unknown>;
    const note = parseNote(String(seal.checkpoint));
    const { origin, size } = parseCheckpoint(note.text);
    const others = note.signatures.filter(({ name }) => name !== origin);
    return {
      size,
      time: String(seal.time),
      tpm: seal.tpm !== undefined,
      witnesses: new Set(others.map(({ name }) => name)).size,
      end: offset + newline + 1,
    };
  } catch (error) {
    if (error instanceof SyntaxError || error instanceof NoteError) return undefined;
    throw error;
  }
}
