/** Reading the log from its end. */
import { setImmediate as turn } from "node:timers/promises";
import type { AuditEntry } from "./contract.ts";
import { decodeEvent } from "./event.ts";
import { bundleEvents } from "./segments/format.ts";
import type { LogReader, PlainEvent } from "./segments/reader.ts";

/**
 * Newest first, a bundle at a time.
 * @param end index behind the first one wanted
 */
export function* backwards(reader: LogReader, end: number): Generator<AuditEntry> {
  for (let behind = Math.min(end, reader.size); behind > reader.first; ) {
    const from = Math.max(reader.first, Math.floor((behind - 1) / bundleEvents) * bundleEvents);
    const events = reader.payloads(from, behind - from).reverse();
    for (const { payload, index } of events) yield decodeEvent(payload, index);
    behind = from;
  }
}

/** @returns the newest events, oldest first; whole bundles, so that it may be a few more. */
export function newest(reader: LogReader, most: number, mostBytes: number): PlainEvent[] {
  const { size } = reader;
  const bundles: PlainEvent[][] = [];
  let from = size;
  let bytes = 0;
  while (from > reader.first && size - from < most && bytes < mostBytes) {
    const behind = from;
    from = Math.max(reader.first, Math.floor((behind - 1) / bundleEvents) * bundleEvents);
    const events = reader.payloads(from, behind - from);
    bytes += events.reduce((sum, { payload }) => sum + payload.length, 0);
    bundles.push(events);
  }
  return bundles.reverse().flat();
}

/**
 * Parses only what may be wanted, since most of what is read at a start is not.
 * @param texts parts of canonical JSON in ASCII, such as `"action":"agent.start"`
 * @returns entries that have one of them, if only in their details
 */
export function having(events: readonly PlainEvent[], texts: readonly string[]): AuditEntry[] {
  const mayHave = (...payloads: Buffer[]) => {
    const json = Buffer.concat(payloads).toString("latin1");
    return texts.some((text) => json.includes(text));
  };
  const found: PlainEvent[] = [];
  for (let from = 0; from < events.length; from += bundleEvents) {
    const portion = events.slice(from, from + bundleEvents);
    // One look at many is a quarter of the work where none has it.
    if (!mayHave(...portion.map(({ payload }) => payload))) continue;
    found.push(...portion.filter(({ payload }) => mayHave(payload)));
  }
  return found.map(({ payload, index }) => decodeEvent(payload, index));
}

/** The same a little at a time, so that what is served need not wait for it. */
export async function gather(
  events: readonly PlainEvent[],
  texts: readonly string[],
): Promise<AuditEntry[]> {
  const entries: AuditEntry[] = [];
  for (let from = 0; from < events.length; from += bundleEvents) {
    entries.push(...having(events.slice(from, from + bundleEvents), texts));
    await turn();
  }
  return entries;
}
