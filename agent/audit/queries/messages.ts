/** Messages between the main thread and the thread that reads the log. */
import type { ErrorCode } from "../../bus/errors.ts";
import type { AuditPage, Shown, Summary } from "../answers.ts";
import type { AuditConditions, AuditFilter } from "../filter.ts";
import type { Scope } from "../index/wanted.ts";

export interface ReaderSettings {
  task: "read";
  directory: string;
  /** Actions of members that only read. */
  reads: string[];
}

export interface RawAnswer {
  index: number;
  /** As it stands in the log. */
  payload: string;
  /** SHA3-512 of the entry, hexadecimal. */
  hash: string;
}

/** What can be asked, with what comes back. */
export interface Questions {
  list: { ask: { filter: AuditFilter; scope: Scope }; answer: AuditPage };
  summary: { ask: { filter: AuditConditions; scope: Scope }; answer: Summary };
  show: { ask: { index: number }; answer: Shown };
  /** Base64 hashes of the proof that the log of `from` events is the beginning of that of `to`. */
  consistency: { ask: { from: number; to: number }; answer: string[] };
  /** Events as they stand in the log, from an index on, at most so many. */
  raw: { ask: { from: number; count: number }; answer: RawAnswer[] };
  /** Makes the files of the index that are missing. */
  index: { ask: Record<string, never>; answer: null };
}

export type Kind = keyof Questions;

export type Request = {
  [K in Kind]: {
    id: number;
    kind: K;
    size: number;
    ask: Questions[K]["ask"];
    /** Whether the answer is wanted as JSON. */
    encoded: boolean;
  };
}[Kind];

export type Reply =
  | { kind: "answer"; id: number; answer: unknown }
  | { kind: "refused"; id: number; code: ErrorCode; message: string }
  | { kind: "failed"; id: number; error: string }
  | { kind: "log"; message: string; facts: Record<string, unknown> };
