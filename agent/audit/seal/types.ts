/** What seals a log, and what others see of it. */
import type { Alarm, PartStatus } from "../answers.ts";
import type { AuditWriter } from "../types.ts";

/** Of the log, what is sealed. */
export interface SealedLog extends AuditWriter {
  /** Number of events. */
  readonly size: number;
  /** What is on the disk: Merkle root and chain value after the last event. */
  head(): Promise<{ size: number; root: Buffer; chain: Buffer }>;
  /** @returns a function that ends it. */
  onAppended(listener: (size: number) => void): () => void;
}

export interface SealStatus {
  /** Name of the log in its checkpoints; empty before the first start. */
  origin: string;
  /** The newest checkpoint with the signatures that it has so far; empty before the first one. */
  checkpoint: string;
  tree: PartStatus;
  tpm: PartStatus;
  alarms: Alarm[];
}

export interface Sealer {
  /** Loads or makes the key, and begins to seal. The TPM is looked at in the background. */
  start(): Promise<void>;
  /** Seals what there is, by the TPM too if it answers in time, and ends. */
  stop(): Promise<void>;
  status(): SealStatus;
  /** @returns a function that ends it. The note is a new checkpoint with the log's signature. */
  onSealed(listener: (note: string) => void): () => void;
  /**
   * Adds signatures of witnesses to a checkpoint.
   * @param text of the checkpoint
   * @param lines signature lines with their newlines, verified
   */
  addCosignatures(text: string, lines: readonly string[]): Promise<void>;
  /** @throws DsecosError Conflict when a TPM is enrolled already, Unavailable when there is none. */
  enrolTpm(): Promise<void>;
  /**
   * Goes on with the TPM as it is now, under a new key.
   * @throws DsecosError Conflict when there is nothing to acknowledge
   */
  acknowledgeTpm(reason: string): Promise<void>;
}

/** A checkpoint that is on record. */
export interface Sealed {
  /** What is signed. */
  text: string;
  /** The text with the log's signature. */
  note: string;
  size: number;
  /** Hexadecimal. */
  chain: string;
  /** RFC 3339. */
  time: string;
}

/** How the log tells of itself. */
export const self = {
  source: "log",
  outcome: "note",
  actor: "agent",
  uid: process.getuid?.() ?? 0,
  pid: process.pid,
} as const;
