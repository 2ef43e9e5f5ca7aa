/** Messages between the agent's main thread and the thread that writes the log. */
import type { Level } from "../log.ts";
import type { Refusal, Waiting } from "./committer.ts";

export interface WriterSettings {
  directory: string;
  node: string;
  /** Whole segments whose events are all older are removed. */
  retentionDays: number;
}

/**
 * Events to append, in one piece, since that is what goes fastest from thread to thread: how many,
 * then for each four bytes, its length and in the lowest bit whether it has to be durable, then
 * the payloads.
 */
export type AppendRequest = Uint8Array<ArrayBuffer>;

/** `open` comes first. */
export type Request =
  | { kind: "open"; settings: WriterSettings }
  | AppendRequest
  | { kind: "head"; id: number }
  | { kind: "close" };

export function packEvents(events: readonly Waiting[]): AppendRequest {
  const header = 4 * (1 + events.length);
  const size = events.reduce((sum, { payload }) => sum + payload.length, header);
  const bytes = new Uint8Array(size);
  const words = new Uint32Array(bytes.buffer, 0, 1 + events.length);
  words[0] = events.length;
  let at = header;
  events.forEach(({ payload, durable }, i) => {
    words[i + 1] = payload.length * 2 + (durable ? 1 : 0);
    bytes.set(payload, at);
    at += payload.length;
  });
  return bytes;
}

/** The payloads are parts of the request. */
export function unpackEvents({ buffer }: AppendRequest): Waiting[] {
  const [count = 0] = new Uint32Array(buffer, 0, 1);
  const words = new Uint32Array(buffer, 4, count);
  let at = 4 * (1 + count);
  return Array.from(words, (word) => {
    const payload = Buffer.from(buffer, at, word >>> 1);
    at += payload.length;
    return { payload, durable: word % 2 === 1 };
  });
}

/** The next `count` events are on record from index `first` on; `size` events are in all. */
export type Done = [count: number, first: number, size: number];

export type Reply =
  | Done
  | { kind: "refused"; count: number; why: Refusal }
  | { kind: "opened"; size: number }
  | { kind: "size"; size: number }
  | { kind: "head"; id: number; size: number; root: Uint8Array; chain: Uint8Array }
  | { kind: "headFailed"; id: number; error: string }
  | { kind: "log"; level: Level; message: string; facts: Record<string, unknown> }
  | { kind: "closed"; error: string };
