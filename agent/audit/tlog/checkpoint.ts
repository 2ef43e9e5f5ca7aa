/** Checkpoints (c2sp.org/tlog-checkpoint): a signed note whose text is origin, size and root. */
import type { KeyObject } from "node:crypto";
import { fromBase64 } from "./base64.ts";
import { hashBytes } from "./merkle.ts";
import { formatNote, NoteError, openNote, signText, type VerifierKey } from "./note.ts";

export interface Checkpoint {
  origin: string;
  /** Number of events. */
  size: number;
  /** Root of the tree over them, 32 bytes. */
  root: Buffer;
}

/** @returns the three lines that are signed. */
export function checkpointText({ origin, size, root }: Checkpoint): string {
  return `${origin}\n${size}\n${root.toString("base64")}\n`;
}

/**
 * Reads the text of a note. Further lines (extensions) may follow and are ignored.
 *
 * @throws NoteError
 */
export function parseCheckpoint(text: string): Checkpoint {
  const [origin = "", digits = "", base64 = "", ...more] = text.split("\n");
  const root = fromBase64(base64);
  const size = Number(digits);
  const complete = more.at(-1) === "" && !more.slice(0, -1).includes("");
  if (origin === "" || !complete || !/^(0|[1-9][0-9]{0,15})$/.test(digits)) {
    throw new NoteError("A checkpoint has an origin, a number of events and a root, a line each.");
  }
  if (root?.length !== hashBytes || !Number.isSafeInteger(size)) {
    throw new NoteError("The size or the root of the checkpoint cannot be read.");
  }
  return { origin, size, root };
}

/** @returns the note, signed by the log's key. */
export function signCheckpoint(
  checkpoint: Checkpoint,
  key: VerifierKey,
  privateKey: KeyObject,
): string {
  const text = checkpointText(checkpoint);
  return formatNote({ text, signatures: [signText(text, key, privateKey)] });
}

/** @throws NoteError when it cannot be read, or the log's key (type 0x01) did not sign it. */
export function openCheckpoint(note: string | Buffer, key: VerifierKey): Checkpoint {
  return parseCheckpoint(openNote(note, key).text);
}
