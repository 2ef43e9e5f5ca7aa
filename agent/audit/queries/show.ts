/** One event with what proves it. */
import { hash } from "node:crypto";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { DsecosError } from "../../bus/errors.ts";
import type { Shown } from "../answers.ts";
import type { AuditEntry } from "../entry.ts";
import { Entries } from "../index/entries.ts";
import { chainBytes } from "../segments/format.ts";
import type { LogReader } from "../segments/reader.ts";
import { parseCheckpoint } from "../tlog/checkpoint.ts";
import { leafHash } from "../tlog/merkle.ts";
import { NoteError, parseNote } from "../tlog/note.ts";
import { inclusionProof } from "../tlog/proofs.ts";
import { sealOf } from "./seals.ts";
import { treeHashes } from "./tree.ts";

const beside = 5;

/** @throws DsecosError NotFound for a sequence that the log does not have any more, or yet. */
export function show(directory: string, reader: LogReader, size: number, index: number): Shown {
  if (index >= size) {
    throw new DsecosError("NotFound", `The log has ${size} entries; there is no ${index + 1}.`);
  }
  if (index < reader.first) {
    const what = `Entry ${index + 1} was removed when its time was over; the log begins with ${reader.first + 1}.`;
    throw new DsecosError("NotFound", what);
  }
  const [event] = reader.read(index, 1);
  const entries = new Entries(reader);
  const entry = entries.at(index)?.entry;
  if (event === undefined || entry === undefined) {
    const what = `Entry ${index + 1} cannot be read: the log is damaged there. Verify it.`;
    throw new DsecosError("Unavailable", what);
  }
  const raw = Buffer.concat([event.payload, event.salt, event.previous.subarray(0, chainBytes)]);
  const checkpoint = checkpointOver(directory, index, size);
  const tree = checkpoint?.size ?? size;
  const base64 = (bytes: Buffer) => bytes.toString("base64");
  return {
    entry,
    raw: base64(raw),
    hash: hash("sha3-512", raw, "hex"),
    neighbours: neighbours(entries, reader, size, index),
    proof: {
      index,
      size: tree,
      leaf: base64(leafHash(Buffer.concat([Buffer.from([0]), raw]))),
      hashes: inclusionProof(treeHashes(directory, reader, tree), index, tree).map(base64),
      checkpoint: checkpoint?.note ?? "",
    },
    sealed: sealOf(directory, index),
  };
}

function neighbours(
  entries: Entries,
  reader: LogReader,
  size: number,
  index: number,
): AuditEntry[] {
  const found: AuditEntry[] = [];
  for (let i = Math.max(reader.first, index - beside); i <= index + beside && i < size; i++) {
    const entry = i === index ? undefined : entries.at(i)?.entry;
    if (entry !== undefined) found.push(entry);
  }
  return found;
}

/** @returns the newest checkpoint if it counts the event and no more than there is. */
function checkpointOver(directory: string, index: number, size: number) {
  try {
    const note = readFileSync(join(directory, "checkpoint"), "utf8");
    const checkpoint = parseCheckpoint(parseNote(note).text);
    return checkpoint.size > index && checkpoint.size <= size
      ? { note, size: checkpoint.size }
      : undefined;
  } catch (error) {
    const missing = (error as NodeJS.ErrnoException).code === "ENOENT";
    if (missing || error instanceof NoteError) return undefined;
    throw error;
  }
}
