/** Events as the log holds them: canonical JSON, bounded, without what follows from the place. */
import { canonical } from "./canonical.ts";
import type { AuditEntry } from "./contract.ts";
import { sha3Hex } from "./digest.ts";
import { maximumPayload } from "./segments/format.ts";
import type { AuditEvent } from "./types.ts";

const maximumDetails = 16 * 1024;
/** Longest text of a member, in UTF-16 units; the second where the first still gives too much. */
const maximumText = [4096, 256];

/** An entry before it has its place in the log. */
export type Unplaced = Omit<AuditEntry, "sequence">;

export interface Encoded {
  entry: Unplaced;
  /** Canonical JSON (RFC 8785) of the entry, 2 to 65,455 bytes of UTF-8. */
  payload: Buffer;
}

/**
 * @param node host name
 * @throws TypeError for details that have no JSON.
 */
export function encodeEvent(event: AuditEvent, node: string, time = new Date()): Encoded {
  const whole: Record<string, unknown> = {
    source: "agent",
    loginuid: -1,
    pid: 0,
    label: "",
    ...event,
    node,
    time: time.toISOString(),
  };
  if (event.details !== undefined) whole.details = bounded(event.details);
  for (const most of maximumText) {
    const entry: Record<string, unknown> = {};
    for (const [name, value] of Object.entries(whole)) {
      if (value !== undefined) entry[name] = typeof value === "string" ? cut(value, most) : value;
    }
    const payload = Buffer.from(canonical(entry));
    if (payload.length <= maximumPayload) return { entry: entry as unknown as Unplaced, payload };
  }
  throw new TypeError("an event has more members than it may have");
}

/** @param index of the event in the log, from 0 */
export function decodeEvent(payload: Buffer, index: number): AuditEntry {
  const entry = JSON.parse(payload.toString("utf8")) as Unplaced;
  return { sequence: index + 1, ...entry };
}

/** Details beyond 16 KiB are represented by their hash and size. */
function bounded(details: Record<string, unknown>): Record<string, unknown> {
  const text = canonical(details);
  const size = Buffer.byteLength(text);
  return size <= maximumDetails ? details : { omitted: sha3Hex(text), size };
}

/** A name or an error must not keep an act from being recorded, however long or odd it is. */
function cut(text: string, most: number): string {
  const short = text.length <= most ? text : `${text.slice(0, most - 1)}…`;
  return short.toWellFormed();
}
