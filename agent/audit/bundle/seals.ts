/** The log's lines of seals, for bundles: those of a part of the log. */

import { statSync } from "node:fs";
import { readdir, readFile } from "node:fs/promises";
import { join } from "node:path";
import { parseCheckpoint } from "../tlog/checkpoint.ts";
import { type Note, NoteError, parseNote } from "../tlog/note.ts";
import { linesOf } from "../verify/files.ts";

const longestLine = 2 << 20;

/** After so many lines the event loop has its turn: some five milliseconds. */
export const linesATurn = 200;

export interface SealLine {
  /** Without its newline. */
  text: string;
  size: number;
  /** RFC 3339. */
  time: string;
  note: string;
  /** Whether a TPM or a witness signed it too. */
  certified: boolean;
}

/** Names of the files of seals, oldest first. */
export async function sealFiles(directory: string): Promise<string[]> {
  try {
    const names = await readdir(join(directory, "seals"));
    return names.filter((name) => /^\d{4}-\d{2}-\d{2}\.jsonl$/.test(name)).sort();
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "ENOENT") return [];
    throw error;
  }
}

/**
 * Lines of one file. What cannot be read is left out: a bundle says what the log signed, and the
 * log's directory is where damage is found.
 */
export function* sealsOf(directory: string, name: string): Generator<SealLine> {
  const file = join(directory, "seals", name);
  const ref = { path: `seals/${name}`, file, offset: 0, size: statSync(file).size };
  for (const { line, ended } of linesOf(ref, longestLine)) {
    const seal = ended ? parseLine(line.toString("utf8")) : undefined;
    if (seal !== undefined) yield seal;
  }
}

function parseLine(text: string): SealLine | undefined {
  try {
    const { checkpoint, time, tpm } = JSON.parse(text);
    const note: Note = parseNote(checkpoint);
    const { size } = parseCheckpoint(note.text);
    const certified = tpm !== undefined || note.signatures.length > 1;
    return { text, size, time, note: checkpoint, certified };
  } catch (error) {
    if (error instanceof NoteError || error instanceof SyntaxError) return undefined;
    throw error;
  }
}

/** @returns the file `checkpoint`; undefined before the first one. */
export async function newestCheckpoint(
  directory: string,
): Promise<{ note: string; size: number; root: Buffer } | undefined> {
  try {
    const note = await readFile(join(directory, "checkpoint"), "utf8");
    const { size, root } = parseCheckpoint(parseNote(note).text);
    return { note, size, root };
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "ENOENT") return undefined;
    throw error;
  }
}
