/**
 * The body of `add-checkpoint` (c2sp.org/tlog-witness), made by a log and read by a witness:
 *
 *     old <size that the witness cosigned last>
 *     <base64 of a hash of the consistency proof, up to 63 such lines>
 *     <empty line>
 *     <checkpoint, a signed note>
 */
import { fromBase64 } from "../tlog/base64.ts";
import { parseCheckpoint } from "../tlog/checkpoint.ts";
import { hashBytes } from "../tlog/merkle.ts";
import { type Note, NoteError, parseNote } from "../tlog/note.ts";

export const addCheckpointPath = "/add-checkpoint";
/** Content type of the size that a witness answers with status 409. */
export const sizeType = "text/x.tlog.size";
/** Of a request, in bytes: a proof and more than 16 signatures of the largest known kind. */
export const maximumRequest = 128 * 1024;
const maximumProof = 63;

export interface AddCheckpoint {
  /** Number of events that the witness cosigned last. */
  old: number;
  /** From `old` to the checkpoint. */
  proof: Buffer[];
  note: string;
}

export function formatAddCheckpoint({ old, proof, note }: AddCheckpoint): string {
  return `old ${old}\n${proof.map((hash) => `${hash.toString("base64")}\n`).join("")}\n${note}`;
}

export interface ParsedAddCheckpoint {
  old: number;
  proof: Buffer[];
  note: Note;
  origin: string;
  size: number;
  root: Buffer;
}

/** @throws NoteError that says what is wrong with the request. */
export function parseAddCheckpoint(body: Buffer): ParsedAddCheckpoint {
  const split = body.indexOf("\n\n");
  if (split < 0) throw new NoteError("The request has no empty line before the checkpoint.");
  const [first = "", ...lines] = body.toString("latin1", 0, split).split("\n");
  const old = parseSize(/^old (.*)$/.exec(first)?.[1] ?? "");
  if (old === undefined) throw new NoteError("The first line of the request is not “old SIZE”.");
  if (lines.length > maximumProof) {
    throw new NoteError(`The proof has more than ${maximumProof} hashes.`);
  }
  const proof = lines.map((line) => {
    const hash = fromBase64(line);
    if (hash?.length !== hashBytes) throw new NoteError("A line of the proof is no hash.");
    return hash;
  });
  const note = parseNote(body.subarray(split + 2));
  return { old, proof, note, ...parseCheckpoint(note.text) };
}

/** @returns undefined for what is no decimal number without leading zeroes. */
export function parseSize(digits: string): number | undefined {
  const size = Number(digits);
  return /^(0|[1-9][0-9]{0,15})$/.test(digits) && Number.isSafeInteger(size) ? size : undefined;
}
