/**
 * Acts that the agent began and did not live to end: their intent is on record, their outcome is
 * not. After the start it is looked up what came of each, and that goes on record.
 */
import { explain, type Log } from "../log.ts";
import type { AuditEntry } from "./contract.ts";
import type { AuditWriter } from "./types.ts";

/** @param entries oldest first. @returns intents without an outcome, oldest first. */
export function interruptedActs(entries: readonly AuditEntry[]): AuditEntry[] {
  const open = new Map<string, AuditEntry>();
  for (const entry of entries) {
    if (entry.call === undefined) continue;
    if (entry.outcome === "intent") open.set(entry.call, entry);
    else open.delete(entry.call);
  }
  return [...open.values()];
}

/** @param exists tells whether a tenant is there now, or undefined when nobody can tell. */
export async function recordInterrupted(
  acts: readonly AuditEntry[],
  exists: (tenant: string) => Promise<boolean | undefined>,
  audit: AuditWriter,
  log: Log,
): Promise<void> {
  for (const { action, actor, uid, tenant, object, call } of acts) {
    try {
      const there = tenant === undefined ? undefined : await exists(tenant);
      const details = {
        interrupted: true,
        ...(there === undefined ? {} : { tenant: there ? "exists" : "does not exist" }),
      };
      await audit.append({ action, outcome: "note", actor, uid, tenant, object, call, details });
    } catch (error) {
      log("error", "what came of an interrupted act could not be recorded", {
        call,
        error: explain(error),
      });
    }
  }
}
