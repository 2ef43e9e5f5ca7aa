/** Messages between the agent's main thread and the thread that writes the log. */
import type { Level } from "../log.ts";
import type { Answer } from "./committer.ts";

export interface WriterSettings {
  directory: string;
  node: string;
  /** Whole segments whose events are all older are removed. */
  retentionDays: number;
}

/** Payloads one behind the other. The buffer goes over to the other thread. */
export interface AppendRequest {
  kind: "append";
  bytes: Uint8Array<ArrayBuffer>;
  lengths: Uint32Array;
  /** 1 for those that have to be durable, 0 where written is enough. */
  durable: Uint8Array;
}

export type Request = AppendRequest | { kind: "head"; id: number } | { kind: "close" };

export type Reply =
  | { kind: "opened"; size: number }
  | { kind: "answer"; answer: Answer; size: number }
  | { kind: "size"; size: number }
  | { kind: "head"; id: number; size: number; root: Uint8Array; chain: Uint8Array }
  | { kind: "headFailed"; id: number; error: string }
  | { kind: "log"; level: Level; message: string; facts: Record<string, unknown> }
  | { kind: "closed"; error: string };
