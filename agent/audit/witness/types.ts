/** What the witnesses' client needs of others, and what it tells. */
import * as v from "valibot";
import { remoteUrlSchema } from "../remote.ts";
import { NoteError, parseVerifierKey, witnessKeyType } from "../tlog/note.ts";

export const witnessSchema = v.strictObject({
  /** Submission prefix of the witness, or its unix socket. */
  url: remoteUrlSchema,
  /** Its verifier key, of type 0x04. */
  key: v.pipe(v.string(), v.check(isWitnessKey, "must be the verifier key of a witness")),
  /** File with certificates of the authorities to trust, PEM. */
  caFile: v.optional(v.pipe(v.string(), v.startsWith("/"))),
});

export type WitnessConfig = v.InferOutput<typeof witnessSchema>;

function isWitnessKey(text: string): boolean {
  try {
    return parseVerifierKey(text).type === witnessKeyType;
  } catch (error) {
    if (error instanceof NoteError) return false;
    throw error;
  }
}

/** Where checkpoints come from and cosignatures go to. */
export interface Sealing {
  /** @returns a function that ends it. The note is a checkpoint with the log's signature. */
  onSealed(listener: (note: string) => void): () => void;
  /** @param lines signature lines with their newlines, verified. @param text of the checkpoint */
  addCosignatures(text: string, lines: string[]): Promise<void>;
}

export interface Proofs {
  /** Hashes of the proof that the log of `from` events is the beginning of that of `to`. */
  consistency(from: number, to: number): Promise<Buffer[]>;
}

/** Something that a person must look at. */
export interface WitnessAlarm {
  /**
   * `ahead`: the witness has cosigned more than this log has; `fork`: what it cosigned is no
   * beginning of this log; `proof`: this log cannot show that it is; `stale`: no signature for too
   * long.
   */
  kind: "witness.ahead" | "witness.fork" | "witness.proof" | "witness.stale";
  /** RFC 3339. */
  since: string;
  text: string;
  todo: string;
}

export interface WitnessStatus {
  name: string;
  state: "ok" | "warning" | "alarm" | "unknown";
  /** Of its last signature, RFC 3339; empty when it has given none since the start. */
  at: string;
  /** Number of events that it signed last. */
  size: number;
  text: string;
  alarms: WitnessAlarm[];
}
