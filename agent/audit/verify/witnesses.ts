/** What witnesses signed. */
import type { Checkpoint } from "../tlog/checkpoint.ts";
import { cosignaturesOf } from "../tlog/cosignature.ts";
import { type Note, NoteError, parseVerifierKey, type VerifierKey } from "../tlog/note.ts";
import { type FileRef, readWhole } from "./files.ts";
import type { Findings } from "./findings.ts";

const mostBytes = 1 << 20;

export class Witnesses {
  /** Valid cosignatures. */
  count = 0;
  /** The largest checkpoint that a witness signed, and when, in seconds since 1970. */
  largest: { size: number; time: number; name: string } | undefined;
  readonly keys: readonly VerifierKey[];
  readonly #findings: Findings;

  /** @param given by the person; without them those that the log was configured with are known */
  constructor(given: readonly VerifierKey[], ref: FileRef | undefined, findings: Findings) {
    this.#findings = findings;
    this.keys = given.length > 0 || ref === undefined ? given : readKeys(ref, findings);
  }

  note(note: Note, { size }: Checkpoint, file: string, offset: number): void {
    for (const key of this.keys) {
      const { times, wrong } = cosignaturesOf(note, key);
      if (wrong > 0) {
        const text = `The signature of the witness ${key.name} on the checkpoint of ${size} events is wrong.`;
        this.#findings.add({ code: "witness.signature", file, offset, last: size - 1, text });
      }
      const time = times.at(-1);
      if (time === undefined) continue;
      this.count++;
      if (size >= (this.largest?.size ?? 0)) this.largest = { size, time, name: key.name };
    }
  }

  tellNone(file: string): void {
    if (this.count > 0) return;
    const text =
      this.keys.length === 0
        ? "No witness is known: whoever was root on the node could have written all of this anew."
        : "No checkpoint is signed by a known witness: whoever was root on the node could have written all of this anew.";
    this.#findings.add({ code: "witness.none", file, text });
  }
}

function readKeys(ref: FileRef, findings: Findings): VerifierKey[] {
  const lines = readWhole(ref, mostBytes).toString("utf8").split("\n");
  return lines
    .map((line) => line.trim())
    .filter((line) => line !== "")
    .flatMap((line) => {
      try {
        return [parseVerifierKey(line)];
      } catch (error) {
        if (!(error instanceof NoteError)) throw error;
        findings.add({ code: "witness.signature", file: ref.path, text: error.message });
        return [];
      }
    });
}
