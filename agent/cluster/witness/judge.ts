/** Whether the log that another node shows goes on from what was last seen of it. */
import { fromBase64 } from "../../audit/tlog/base64.ts";
import { type Checkpoint, parseCheckpoint } from "../../audit/tlog/checkpoint.ts";
import {
  formatNote,
  logKeyType,
  NoteError,
  openNote,
  parseNote,
  parseVerifierKey,
  signaturesOf,
} from "../../audit/tlog/note.ts";
import { isConsistent } from "../../audit/tlog/proofs.ts";
import type { PublishedLog } from "./schema.ts";

/** The last of a log that was found to go on from all that was seen before. */
export interface Seen {
  vkey: string;
  /** The checkpoint with the log's signature. */
  note: string;
  size: number;
  root: Buffer;
}

/**
 * `first`: nothing was seen of it before. `continues`: proved, or the same as before. `unproven`: a
 * larger log, and no proof from the size that was seen. `unsigned`: its own key did not sign it.
 * `key`: another log, or the same under another key. `rollback`: smaller than it was. `fork`: another
 * root at the same size, signed by the same key, or a proof that does not lead to it.
 */
export type Judgement =
  | { kind: "first" | "continues"; seen: Seen }
  | { kind: "unproven" | "rollback" | "fork" | "key"; note: string; size: number }
  | { kind: "unsigned" };

export function judge(published: PublishedLog, seen: Seen | undefined): Judgement {
  const opened = open(published);
  if (opened === undefined) return { kind: "unsigned" };
  const { note, size, root } = opened;
  const shown: Seen = { vkey: published.vkey, note, size, root };
  if (seen === undefined) return { kind: "first", seen: shown };
  const against = (kind: "unproven" | "rollback" | "fork" | "key") => ({ kind, note, size });
  if (published.vkey !== seen.vkey) return against("key");
  if (size < seen.size) return against("rollback");
  if (size === seen.size) {
    return root.equals(seen.root) ? { kind: "continues", seen: shown } : against("fork");
  }
  const proofs = published.proofs.filter(({ from }) => from === seen.size);
  // Nothing needs to be shown of a log that had nothing in it.
  if (seen.size === 0 && isConsistent(seen, shown, [])) return { kind: "continues", seen: shown };
  if (proofs.length === 0) return against("unproven");
  const holds = proofs.some(({ hashes }) => {
    const bytes = hashes.map(fromBase64).filter((hash) => hash !== undefined);
    return bytes.length === hashes.length && isConsistent(seen, shown, bytes);
  });
  return holds ? { kind: "continues", seen: shown } : against("fork");
}

/** @returns undefined for what the key that is shown with it did not sign. */
function open({ vkey, checkpoint }: PublishedLog): (Checkpoint & { note: string }) | undefined {
  try {
    const key = parseVerifierKey(vkey);
    if (key.type !== logKeyType) return undefined;
    const { text } = openNote(checkpoint, key);
    const parsed = parseCheckpoint(text);
    if (parsed.origin !== key.name) return undefined;
    return { ...parsed, note: ownNote(checkpoint, vkey) };
  } catch (error) {
    if (error instanceof NoteError) return undefined;
    throw error;
  }
}

/** The note with the signatures of the log's own key alone. @throws NoteError */
export function ownNote(note: string, vkey: string): string {
  const parsed = parseNote(note);
  return formatNote({ ...parsed, signatures: signaturesOf(parsed, parseVerifierKey(vkey)) });
}

/** What was seen, read back from its record. @returns undefined where that does not fit together. */
export function seenOf(vkey: string, note: string): Seen | undefined {
  const opened = open({ format: 1, vkey, checkpoint: note, proofs: [], seen: {}, cosigned: [] });
  return opened && { vkey, note: opened.note, size: opened.size, root: opened.root };
}
