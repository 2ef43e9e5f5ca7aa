/** Entries of the audit record, for people. */
import { hash } from "node:crypto";
import type { Shown } from "../audit/answers.ts";
import type { AuditEntry } from "../audit/entry.ts";
import { parseCheckpoint } from "../audit/tlog/checkpoint.ts";
import { NoteError, parseNote } from "../audit/tlog/note.ts";
import { isIncluded } from "../audit/tlog/proofs.ts";
import { cellText, type Row } from "./cells.ts";
import { record } from "./output.ts";
import { type Screen, table } from "./table.ts";
import { oneLine, pad, painted } from "./text.ts";

const columns = ["sequence", "time", "action", "outcome", "actor", "tenant", "object", "error"];

export function shownEntry(shown: Shown, screen: Screen): string[] {
  const { entry, hash: sha3, neighbours, sealed } = shown;
  return [
    ...record({ ...entry, "SHA3-512": sha3, ...proofRow(shown) }, screen),
    ...(sealed === null ? [] : ["", "sealed:", ...record(sealed as Row, screen)]),
    "",
    "beside it:",
    ...table(neighbours as Row[], columns, screen),
  ];
}

/** What this program has computed itself from the bytes of the entry. */
function proofRow({ raw, hash: sha3, proof }: Shown): Row {
  const bytes = Buffer.from(raw, "base64");
  const sound = hash("sha3-512", bytes, "hex") === sha3;
  if (!sound) return { proof: "DOES NOT HOLD: the hash is not that of the entry" };
  if (proof.checkpoint === "") return { proof: "none yet: no checkpoint counts this entry so far" };
  try {
    const { origin, size, root } = parseCheckpoint(parseNote(proof.checkpoint).text);
    const leaf = hash("sha256", Buffer.concat([Buffer.from([0]), bytes]), "buffer");
    const hashes = proof.hashes.map((one) => Buffer.from(one, "base64"));
    const holds = size === proof.size && isIncluded(leaf, proof.index, size, hashes, root);
    return {
      proof: holds
        ? `holds: it stands in the checkpoint of ${size} events of ${origin}`
        : "DOES NOT HOLD: it does not lead to the root of the checkpoint; verify the log",
    };
  } catch (error) {
    if (error instanceof NoteError) return { proof: `DOES NOT HOLD: ${error.message}` };
    throw error;
  }
}

/** One entry as one line, in columns that need not know the other lines. */
export function entryLine(entry: AuditEntry, screen: Screen): string {
  const { time, outcome, actor, action, tenant = "", object = "", error = "" } = entry;
  const about = [tenant, object].filter(Boolean).join("/");
  const words = [
    cellText("time", time),
    painted(pad(outcome, 7), screen.colour),
    pad(oneLine(actor), 12),
    pad(oneLine(action), 24),
    [about, error].filter(Boolean).map(oneLine).join("  "),
  ];
  return words.join("  ").trimEnd();
}
