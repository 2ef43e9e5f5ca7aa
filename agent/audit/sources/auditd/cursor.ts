/** Where the log's events of auditd end, found in the log itself. */
import type { AuditEntry } from "../../contract.ts";
import type { Range } from "./serials.ts";

export interface Cursor {
  boot: string;
  /** Every serial number up to this one was dealt with. */
  done: number;
  /** Time of the newest event, milliseconds since 1970. */
  time: number;
  /** Those above `done` that are in the log. */
  above: number[];
  /** Those above `done` that the log calls lost. */
  gaps: Range[];
  /** Events of auditd itself, which counts apart: time and number. */
  daemon: string[];
}

/** @returns undefined when the log knows nothing of auditd */
export function findCursor(entries: readonly AuditEntry[]): Cursor | undefined {
  let cursor: Cursor | undefined;
  const ours = entries.filter(({ source }) => source === "auditd");
  for (const { action, details = {} } of ours.sort((a, b) => a.sequence - b.sequence)) {
    const { boot, done, serial, at } = details;
    if (typeof boot !== "string" || typeof done !== "number") continue;
    if (cursor === undefined || cursor.boot !== boot) {
      cursor = { boot, done, time: 0, above: [], gaps: [], daemon: cursor?.daemon ?? [] };
    }
    cursor.done = Math.max(cursor.done, done);
    const time = typeof at === "string" ? Date.parse(at) : Number.NaN;
    if (time > cursor.time) cursor.time = time;
    if (typeof serial === "number") cursor.above.push(serial);
    if (typeof details.daemon === "number") cursor.daemon.push(`${time}:${details.daemon}`);
    if (action === "auditd.Gap") cursor.gaps.push(...rangesOf(details.ranges));
  }
  if (cursor === undefined) return undefined;
  const { done } = cursor;
  return {
    ...cursor,
    above: cursor.above.filter((serial) => serial > done),
    gaps: cursor.gaps.filter(({ last }) => last > done),
  };
}

function rangesOf(value: unknown): Range[] {
  if (!Array.isArray(value)) return [];
  return value.flatMap((range: unknown) => {
    if (!Array.isArray(range)) return [];
    const [first, last] = range as unknown[];
    return typeof first === "number" && typeof last === "number" ? [{ first, last }] : [];
  });
}
