/** Reading the log from its end. */
import type { AuditEntry } from "./contract.ts";
import { decodeEvent } from "./event.ts";
import { bundleEvents } from "./segments/format.ts";
import type { LogReader } from "./segments/reader.ts";

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

/** @returns the newest entries, oldest first; whole bundles, so that it may be a few more. */
export function newest(reader: LogReader, most: number, mostBytes: number): AuditEntry[] {
  const { size } = reader;
  let from = size;
  let bytes = 0;
  let entries: AuditEntry[] = [];
  while (from > reader.first && size - from < most && bytes < mostBytes) {
    const behind = from;
    from = Math.max(reader.first, Math.floor((behind - 1) / bundleEvents) * bundleEvents);
    const events = reader.payloads(from, behind - from);
    bytes += events.reduce((sum, { payload }) => sum + payload.length, 0);
    entries = [...events.map(({ payload, index }) => decodeEvent(payload, index)), ...entries];
  }
  return entries;
}
