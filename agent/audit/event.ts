/** Events as the log holds them: canonical JSON, bounded, without what follows from the place. */
import { canonical } from "./canonical.ts";
import type { AuditEntry } from "./contract.ts";
import { sha3Hex } from "./digest.ts";
import { maximumPayload } from "./segments/format.ts";
import type { AuditEvent } from "./types.ts";

const maximumDetails = 16 * 1024;
/** Longest text of a member, in UTF-16 units; the second where the first still gives too much. */
const maximumText = [4096, 256];

export interface Encoded {
  /** Its sequence is 0 until it has its place in the log. */
  entry: AuditEntry;
  /** Canonical JSON (RFC 8785) of the rest of it, 2 to 65,455 bytes of UTF-8. */
  payload: Buffer;
}

/**
 * @param node host name
 * @throws TypeError for details that have no JSON.
 */
export function encodeEvent(event: AuditEvent, node: string, time = new Date()): Encoded {
  const details = event.details === undefined ? undefined : bounded(event.details);
  for (const most of maximumText) {
    const text = (value: string | undefined) =>
      value === undefined ? undefined : cut(value, most);
    const entry: AuditEntry = {
      sequence: 0,
      action: cut(event.action, most),
      actor: cut(event.actor, most),
      address: text(event.address),
      call: text(event.call),
      details: details?.value,
      error: text(event.error),
      flow: text(event.flow),
      label: cut(event.label ?? "", most),
      loginuid: event.loginuid ?? -1,
      node,
      object: text(event.object),
      outcome: event.outcome,
      pid: event.pid ?? 0,
      source: event.source ?? "agent",
      tenant: text(event.tenant),
      time: time.toISOString(),
      uid: event.uid,
    };
    const payload = Buffer.from(written(entry, details?.text));
    if (payload.length <= maximumPayload) return { entry, payload };
  }
  throw new TypeError("an event has more members than it may have");
}

/** @param details canonical JSON of the details */
function written(entry: AuditEntry, details: string | undefined): string {
  // Both parts in the order of canonical JSON, which makes ECMAScript's own the canonical one.
  const { action, actor, address, call } = entry;
  const before = JSON.stringify({ action, actor, address, call });
  const { error, flow, label, loginuid, node, object, outcome } = entry;
  const { pid, source, tenant, time, uid } = entry;
  const behind = JSON.stringify({
    error,
    flow,
    label,
    loginuid,
    node,
    object,
    outcome,
    pid,
    source,
    tenant,
    time,
    uid,
  });
  const middle = details === undefined ? "" : `,"details":${details}`;
  return `${before.slice(0, -1)}${middle},${behind.slice(1)}`;
}

/** @param index of the event in the log, from 0 */
export function decodeEvent(payload: Buffer, index: number): AuditEntry {
  const entry = JSON.parse(payload.toString("utf8")) as Omit<AuditEntry, "sequence">;
  return { sequence: index + 1, ...entry };
}

/** Details beyond 16 KiB are represented by their hash and size. */
function bounded(details: Record<string, unknown>): {
  value: Record<string, unknown>;
  text: string;
} {
  const text = canonical(details);
  // One unit is three bytes at most.
  if (text.length * 3 <= maximumDetails) return { value: details, text };
  const size = Buffer.byteLength(text);
  if (size <= maximumDetails) return { value: details, text };
  const value = { omitted: sha3Hex(text), size };
  return { value, text: canonical(value) };
}

/** A name or an error must not keep an act from being recorded, however long or odd it is. */
function cut(text: string, most: number): string {
  const short = text.length <= most ? text : `${text.slice(0, most - 1)}…`;
  return short.toWellFormed();
}
