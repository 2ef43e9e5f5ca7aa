/**
 * What a witness does with a checkpoint, in the order and with the statuses of
 * c2sp.org/tlog-witness: it cosigns what continues all that it has seen of the log, and nothing
 * else.
 */
import { cosign } from "../tlog/cosignature.ts";
import {
  formatNote,
  formatSignature,
  isSignature,
  NoteError,
  signaturesOf,
  type VerifierKey,
} from "../tlog/note.ts";
import { isConsistent } from "../tlog/proofs.ts";
import { type ParsedAddCheckpoint, parseAddCheckpoint, sizeType } from "../witness/protocol.ts";
import type { WitnessKey } from "./key.ts";
import type { Memory, Seen } from "./memory.ts";

interface Facts {
  origin?: string;
  size?: number;
  old?: number;
  seen?: number;
  reason?: string;
  /** A checkpoint that the log signed and that does not fit: proof against whoever has its key. */
  evidence?: string;
}

export interface Reply {
  status: 200 | 400 | 403 | 404 | 409 | 422;
  type: string;
  body: string;
  /** For the witness's journal. */
  facts: Facts;
}

export interface Judge {
  key: WitnessKey;
  memory: Memory;
  /** Keys of the logs by origin. */
  logs: () => ReadonlyMap<string, readonly VerifierKey[]>;
}

/** @param body of a POST to add-checkpoint. @throws Error when nothing can be kept durably. */
export async function addCheckpoint(judge: Judge, body: Buffer): Promise<Reply> {
  let request: ParsedAddCheckpoint;
  try {
    request = parseAddCheckpoint(body);
  } catch (error) {
    if (!(error instanceof NoteError)) throw error;
    return refusal(400, error.message, {});
  }
  const { origin, old, size } = request;
  const facts = { origin, old, size };
  const keys = judge.logs().get(origin);
  if (keys === undefined) return refusal(404, "This witness does not know the log.", facts);
  if (!isSigned(request, keys)) {
    return refusal(403, "No signature of a key that this witness knows for the log.", facts);
  }
  if (old > size) return refusal(400, "The old size is larger than the checkpoint's.", facts);
  const { key, memory } = judge;
  return await memory.change(origin, (seen) => {
    const refused = objection(request, seen);
    if (refused !== undefined)
      return { result: { ...refused, facts: { ...refused.facts, ...facts } } };
    const seconds = Math.floor(Date.now() / 1000);
    const line = cosign(request.note.text, seconds, key.verifier, key.privateKey);
    const next = size === seen.size ? undefined : { size, root: request.root };
    const type = "text/plain; charset=utf-8";
    return { next, result: { status: 200, type, body: formatSignature(line), facts } };
  });
}

/** A wrong signature under a known key spoils the note, whatever else is on it. */
function isSigned({ note }: ParsedAddCheckpoint, keys: readonly VerifierKey[]): boolean {
  const checked = keys.flatMap((key) =>
    signaturesOf(note, key).map(({ bytes }) => isSignature(note.text, bytes, key)),
  );
  return checked.length > 0 && checked.every(Boolean);
}

function objection(request: ParsedAddCheckpoint, seen: Seen): Reply | undefined {
  const { old, proof, size, root } = request;
  const conflict = (reason: string, facts: Facts = {}): Reply => ({
    status: 409,
    type: sizeType,
    body: `${seen.size}\n`,
    facts: { ...facts, seen: seen.size, reason },
  });
  const evidence = formatNote(request.note);
  if (old !== seen.size) return conflict("The old size is not the one that was cosigned last.");
  if (size === old && !root.equals(seen.root)) {
    return conflict("Another root at the same size.", { evidence });
  }
  if (isConsistent(seen, { size, root }, proof)) return undefined;
  return refusal(422, "The proof does not show that the log was only appended to.", { evidence });
}

function refusal(status: Reply["status"], reason: string, facts: Facts): Reply {
  const type = "text/plain; charset=utf-8";
  return { status, type, body: `${reason}\n`, facts: { ...facts, reason } };
}
