/** The log's checkpoints, in the order in which they were made, and what each says by itself. */
import { hash } from "node:crypto";
import * as v from "valibot";
import type { TpmSeal } from "../../tpm/attest.ts";
import { sealTpmSchema } from "../../tpm/evidence.ts";
import { canonical } from "../canonical.ts";
import { fromHex } from "../tlog/base64.ts";
import { type Checkpoint, parseCheckpoint } from "../tlog/checkpoint.ts";
import { isSignature, type Note, NoteError, parseNote, signaturesOf } from "../tlog/note.ts";
import { type FileRef, linesOf } from "./files.ts";
import type { Findings } from "./findings.ts";
import type { LogKeys } from "./keys.ts";
import { isTime } from "./payload.ts";
import type { Tpms } from "./tpm.ts";
import type { Witnesses } from "./witnesses.ts";

const longestLine = 2 << 20;

/** A checkpoint whose root and chain value are to be computed. */
export interface Wanted {
  checkpoint: Checkpoint;
  /** Latin1; undefined where the note stands alone. */
  chain: string | undefined;
  time: string;
  file: string;
  offset: number;
  /** Given by the person: what does not fit is a fork. */
  outside: boolean;
}

interface Line {
  note: Note;
  checkpoint: Checkpoint;
  chain: string;
  time: string;
  tpm: TpmSeal["tpm"] | undefined;
}

export class Seals {
  /** Valid ones of the log's key. */
  count = 0;
  /** Time of the last one, by the node's clock. */
  lastTime = "";
  readonly #keys: LogKeys;
  readonly #witnesses: Witnesses;
  readonly #tpms: Tpms;
  readonly #findings: Findings;
  readonly #known = new KnownSizes();
  #lines = 0;

  constructor(keys: LogKeys, witnesses: Witnesses, tpms: Tpms, findings: Findings) {
    this.#keys = keys;
    this.#tpms = tpms;
    this.#witnesses = witnesses;
    this.#findings = findings;
  }

  /**
   * @param inUse a crash may have left a part of a line at the end, of which nobody was told
   * @returns those that are larger than all before them.
   */
  *read(files: readonly FileRef[], inUse: boolean): Generator<Wanted> {
    for (const ref of files) {
      for (const { line, offset, ended } of linesOf(ref, longestLine)) {
        this.#lines++;
        const file = ref.path;
        if (!ended) {
          const severity = inUse && ref === files.at(-1) ? "W" : "E";
          this.#unreadable(file, offset, "it has no end", severity);
          continue;
        }
        const parsed = this.#parse(line, file, offset);
        if (parsed === undefined) continue;
        const { checkpoint, chain, time, note, tpm } = parsed;
        // Each kind of evidence speaks for itself: who can sign for the log may not be able to
        // sign for its TPM or a witness, and the other way round.
        if (tpm !== undefined) {
          const seal = { line: this.#lines, checkpointText: note.text, tpm };
          this.#tpms.note(seal, file, offset);
        }
        this.#witnesses.note(note, checkpoint, file, offset);
        if (!this.signed(note, file, offset)) continue;
        if (this.#isNew(note.text, checkpoint.size, file, offset)) {
          this.count++;
          this.lastTime = time;
          yield { checkpoint, chain, time, file, offset, outside: false };
        }
      }
    }
  }

  /** Whether the log's key for that size signed it; tells when not. */
  signed(note: Note, file: string, offset: number): boolean {
    const { size, origin } = parseCheckpoint(note.text);
    const key = this.#keys.at(size);
    if (key !== undefined) {
      const own = signaturesOf(note, key);
      const valid = own.length > 0 && own.every(({ bytes }) => isSignature(note.text, bytes, key));
      if (valid && origin === key.name) return true;
    }
    const text =
      key === undefined
        ? "No key of the log is known, so that its checkpoints prove nothing."
        : `The checkpoint of ${size} events is not signed by the log's key.`;
    this.#findings.add({ code: "checkpoint.signature", file, offset, last: size - 1, text });
    return false;
  }

  #parse(line: Buffer, file: string, offset: number): Line | undefined {
    try {
      return parseLine(line);
    } catch (error) {
      const known = error instanceof NoteError || error instanceof SyntaxError;
      if (!known && !(error instanceof TypeError)) throw error;
      this.#unreadable(file, offset, error.message);
      return undefined;
    }
  }

  #unreadable(file: string, offset: number, why: string, severity: "E" | "W" = "E"): void {
    const text = `This line of seals cannot be read: ${why.replace(/\.$/, "")}.`;
    this.#findings.add({ code: "checkpoint.form", file, offset, text }, severity);
  }

  #isNew(text: string, size: number, file: string, offset: number): boolean {
    const digest = hash("sha256", text, "buffer").readBigUInt64BE();
    const known = this.#known.look(size, digest);
    if (known === "same") return false;
    if (known === "new") return true;
    const told =
      known === "other"
        ? `The checkpoint of ${size} events repeats an earlier one with another root.`
        : `The checkpoint of ${size} events follows larger ones and was not among those before.`;
    this.#findings.add({ code: "checkpoint.order", file, offset, last: size - 1, text: told });
    return false;
  }
}

/** @throws NoteError, SyntaxError or TypeError with the reason. */
function parseLine(line: Buffer): Line {
  const text = line.toString("utf8");
  const value = JSON.parse(text);
  if (typeof value !== "object" || value === null) throw new NoteError("it is no object");
  if (!Buffer.from(canonical(value)).equals(line)) throw new NoteError("it is not canonical JSON");
  const { checkpoint, time, chain, tpm, ...others } = value;
  if (Object.keys(others).length > 0) throw new NoteError("it has a member that is not known");
  if (typeof checkpoint !== "string" || typeof time !== "string" || !isTime(time)) {
    throw new NoteError("it has no checkpoint or no time");
  }
  const bytes = typeof chain === "string" ? fromHex(chain, 64) : undefined;
  if (bytes === undefined) throw new NoteError("it has no chain value");
  const note = parseNote(checkpoint);
  const seal = tpm === undefined ? undefined : v.safeParse(sealTpmSchema, tpm);
  if (seal?.success === false) throw new NoteError("what is of the TPM has not its form");
  return {
    note,
    checkpoint: parseCheckpoint(note.text),
    chain: bytes.toString("latin1"),
    time,
    tpm: seal?.output,
  };
}

/** Sizes that occurred, in 16 bytes each: there may be millions. */
class KnownSizes {
  #sizes = new Float64Array(1024);
  #digests = new BigUint64Array(1024);
  #count = 0;

  look(size: number, digest: bigint): "new" | "same" | "other" | "unknown" {
    const last = this.#count > 0 ? (this.#sizes[this.#count - 1] as number) : -1;
    if (size > last) {
      this.#push(size, digest);
      return "new";
    }
    let low = 0;
    let high = this.#count;
    while (low < high) {
      const middle = (low + high) >> 1;
      if ((this.#sizes[middle] as number) < size) low = middle + 1;
      else high = middle;
    }
    if (this.#sizes[low] !== size) return "unknown";
    return this.#digests[low] === digest ? "same" : "other";
  }

  #push(size: number, digest: bigint): void {
    if (this.#count === this.#sizes.length) {
      const [sizes, digests] = [this.#sizes, this.#digests];
      this.#sizes = new Float64Array(2 * this.#count);
      this.#digests = new BigUint64Array(2 * this.#count);
      this.#sizes.set(sizes);
      this.#digests.set(digests);
    }
    this.#sizes[this.#count] = size;
    this.#digests[this.#count] = digest;
    this.#count++;
  }
}
