/** Every policy that was built here: from the audit log, and from what is kept of them. */
import type { AuditEntry } from "../../audit/contract.ts";
import type { VerifierKey } from "../../audit/tlog/note.ts";
import { DsecosError } from "../../bus/errors.ts";
import type { BuiltPolicy, policyEvents, Statement } from "./answers.ts";
import { builtAction } from "./build.ts";
import type { KeptPolicies } from "./kept.ts";
import { removedAction } from "./prune.ts";
import { confirmedAction, loadedAction, rolledBackAction } from "./trial.ts";

/** With which the actions of all events about policies begin, for asking the log. */
export const policyActions = "selinux.Policy";
/** So many events are looked at, newest first. */
export const mostEvents = 1_000;

const events = new Map<string, (typeof policyEvents)[number]>([
  [builtAction, "built"],
  [loadedAction, "loaded"],
  [confirmedAction, "confirmed"],
  [rolledBackAction, "rolled back"],
  [removedAction, "removed"],
]);

/** Which policies are in use, by SHA-256; empty where none of them is. */
export interface InUse {
  readonly loaded: string;
  readonly pending: string;
  readonly confirmed: string;
}

/**
 * @param entries of the log with {@link policyActions}, newest first
 * @returns newest first, by the last thing that happened to each
 */
export async function historyOf(
  kept: KeptPolicies,
  trusted: readonly VerifierKey[],
  entries: readonly AuditEntry[],
  inUse: InUse,
): Promise<BuiltPolicy[]> {
  const byPolicy = new Map<string, BuiltPolicy["events"]>();
  for (const { action, object, time, actor, sequence, error = "" } of entries) {
    const event = events.get(action);
    if (event === undefined || object === undefined) continue;
    const list = byPolicy.get(object) ?? [];
    byPolicy.set(object, list);
    list.push({ event, at: time, actor, sequence, reason: error });
  }
  const here = new Set(await kept.names());
  for (const policy of here) if (!byPolicy.has(policy)) byPolicy.set(policy, []);
  const rows: BuiltPolicy[] = [];
  for (const [policy, list] of byPolicy) {
    const { statement, problem } = here.has(policy)
      ? await read(kept, policy, trusted)
      : { statement: null, problem: "" };
    const state = stateOf(policy, here.has(policy), inUse);
    rows.push({ policy, state, problem, statement, events: list });
  }
  return rows.sort((a, b) => (lastOf(a) < lastOf(b) ? 1 : -1));
}

async function read(
  kept: KeptPolicies,
  policy: string,
  trusted: readonly VerifierKey[],
): Promise<{ statement: Statement | null; problem: string }> {
  try {
    return { statement: await kept.statement(policy, trusted), problem: "" };
  } catch (error) {
    if (!(error instanceof DsecosError)) throw error;
    return { statement: null, problem: error.message };
  }
}

function stateOf(policy: string, here: boolean, inUse: InUse): BuiltPolicy["state"] {
  if (policy === inUse.pending) return "pending";
  if (policy === inUse.loaded) return "loaded";
  if (policy === inUse.confirmed) return "installed";
  return here ? "kept" : "removed";
}

function lastOf({ events: [newest], statement }: BuiltPolicy): string {
  return newest?.at ?? statement?.at ?? "";
}
