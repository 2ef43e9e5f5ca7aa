/**
 * Acts that the agent began and did not live to end: their intent is on record, their outcome is
 * not. After the start it is looked up what came of each, and that goes on record.
 */
import { setTimeout, setImmediate as turn } from "node:timers/promises";
import { DsecosError } from "../bus/errors.ts";
import { explain, type Log } from "../log.ts";
import type { AuditEntry } from "./contract.ts";
import { decodeEvent } from "./event.ts";
import { bundleEvents } from "./segments/format.ts";
import type { PlainEvent } from "./segments/reader.ts";
import type { AuditWriter } from "./types.ts";

const retryMs = 5000;

/** In canonical JSON `call` stands behind a few members that are all texts, and before `details`. */
const callPattern = /^\{(?:"[a-z]+":"(?:[^"\\]|\\.)*",)*?"call":"((?:[^"\\]|\\.)*)"/;
const outcomeStart = '"outcome":"';

/** @param events oldest first. @returns intents without an outcome, oldest first. */
export async function interruptedActs(events: readonly PlainEvent[]): Promise<AuditEntry[]> {
  const open = new Map<string, PlainEvent>();
  for (const [i, event] of events.entries()) {
    if (i % bundleEvents === 0) await turn();
    // Parsing all of them takes ten times as long.
    const json = event.payload.toString("latin1");
    const call = callPattern.exec(json)?.[1];
    if (call === undefined) continue;
    // Nothing behind the outcome has members of its own, so the last is that of the entry.
    if (json.startsWith('intent"', json.lastIndexOf(outcomeStart) + outcomeStart.length)) {
      open.set(call, event);
    } else {
      open.delete(call);
    }
  }
  return [...open.values()].map(({ payload, index }) => decodeEvent(payload, index));
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
