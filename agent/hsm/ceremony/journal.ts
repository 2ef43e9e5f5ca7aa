/** Ceremonies in the audit log, which is the only place where they are. */
import { canonical } from "../../audit/canonical.ts";
import type { AuditEntry } from "../../audit/contract.ts";
import type { AuditWriter } from "../../audit/types.ts";
import type { Caller } from "../../bus/call.ts";
import { type AskRecord, entriesOf } from "../statement/record.ts";
import { type CeremonyEvent, CeremonyState } from "./state.ts";

/** Name under which what happens in a ceremony stands in the audit log. */
const ceremonyAction = "hsm.ceremony";

/** The log keeps only a hash of what is larger. */
const mostBytes = 15 * 1024;

/** @param caller who made it happen; the agent itself where nobody did */
export async function record(
  audit: AuditWriter,
  state: CeremonyState,
  event: CeremonyEvent,
  caller?: Caller,
): Promise<void> {
  if (Buffer.byteLength(canonical(event)) > mostBytes) {
    throw new Error(`an event of ceremony ${state.id} does not fit into the audit log`);
  }
  const by =
    caller === undefined
      ? { actor: "agent", uid: process.getuid?.() ?? 0, pid: process.pid }
      : {
          ...{ actor: caller.user, uid: caller.uid, loginuid: caller.loginuid },
          ...{ pid: caller.pid, label: caller.label },
        };
  await audit.append({
    action: ceremonyAction,
    outcome: "note",
    ...by,
    tenant: state.started.options.tenant,
    object: state.id,
    details: { ...structuredClone(event) },
  });
}

/** Every ceremony that the log still has, however long ago it was. @throws DsecosError */
export async function readCeremonies(ask: AskRecord): Promise<Map<string, CeremonyState>> {
  return ceremoniesIn((await entriesOf(ask, { action: ceremonyAction })).reverse());
}

/** @param entries oldest first. @returns ceremonies by id, those begun first first */
function ceremoniesIn(entries: readonly AuditEntry[]): Map<string, CeremonyState> {
  const states = new Map<string, CeremonyState>();
  for (const { action, source, object = "", details } of entries) {
    if (action !== ceremonyAction || source !== "agent") continue;
    const event = details as unknown as CeremonyEvent | undefined;
    if (event?.what === "started") states.set(object, new CeremonyState(object, event));
    // Of one whose beginning is kept no longer nothing can be told.
    else if (event?.what !== undefined) states.get(object)?.apply(event);
  }
  return states;
}
