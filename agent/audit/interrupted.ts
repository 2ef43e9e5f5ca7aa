/**
 * Acts that the agent began and did not live to end: their intent is on record, their outcome is
 * not. After the start it is looked up what came of each, and that goes on record.
 */
import { setTimeout } from "node:timers/promises";
import { DsecosError } from "../bus/errors.ts";
import { explain, type Log } from "../log.ts";
import type { AuditEntry } from "./contract.ts";
import type { AuditWriter } from "./types.ts";

const retryMs = 5000;

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

/** @param exists tells whether a tenant is there now; throws Unavailable while nobody can tell. */
export async function recordInterrupted(
  acts: readonly AuditEntry[],
  exists: (tenant: string) => Promise<boolean>,
  audit: AuditWriter,
  log: Log,
): Promise<void> {
  for (const { action, actor, uid, tenant, object, call } of acts) {
    const details: Record<string, unknown> = { interrupted: true };
    if (tenant !== undefined) {
      details.tenant = (await patiently(() => exists(tenant), log)) ? "exists" : "does not exist";
    }
    await audit.append({ action, outcome: "note", actor, uid, tenant, object, call, details });
  }
}

/** Asks again until the engine answers: the record has to tell what came of the act. */
async function patiently<T>(ask: () => Promise<T>, log: Log): Promise<T> {
  for (;;) {
    try {
      return await ask();
    } catch (error) {
      if (!(error instanceof DsecosError)) throw error;
      log("info", "an interrupted act waits to be looked up", { error: explain(error) });
      await setTimeout(retryMs, undefined, { ref: false });
    }
  }
}
