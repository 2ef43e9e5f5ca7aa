/** Reading the audit record: auditors all of it, others what concerns a tenant or themselves. */
import type { Call } from "../bus/call.ts";
import type { Handlers } from "../bus/contract.ts";
import { DsecosError } from "../bus/errors.ts";
import type { Jobs } from "../jobs/types.ts";
import type { AuditEntry, audit } from "./contract.ts";
import type { AuditFilter } from "./filter.ts";
import type { AuditLog } from "./log.ts";
import { backwards } from "./recent.ts";
import { LogReader } from "./segments/reader.ts";

export function createAudit(
  log: AuditLog,
  _jobs: Jobs,
): { handlers: Handlers<typeof audit, Call> } {
  const reader = new LogReader(log.directory);
  const page = async (filter: AuditFilter, also: (entry: AuditEntry) => boolean) => {
    reader.refresh();
    const end = filter.cursor === "" ? log.size : offsetOf(filter.cursor, log.size);
    const rows: AuditEntry[] = [];
    let next = "";
    for (const entry of backwards(reader, end)) {
      if (rows.length === filter.limit) {
        next = String(entry.sequence);
        break;
      }
      if (also(entry) && passes(entry, filter)) rows.push(entry);
    }
    return { rows, next, size: log.size };
  };
  return {
    handlers: {
      List: (_call, filter) => page(filter, () => true),
      ListTenant: (_call, tenant, filter) => page(filter, (entry) => entry.tenant === tenant),
      ListOwn: ({ caller }, filter) => page(filter, (entry) => entry.uid === caller.uid),
      Summary: notYet,
      SummaryTenant: notYet,
      Show: notYet,
      Status: notYet,
      Checkpoint: notYet,
      Verify: notYet,
    },
  };
}

async function notYet(): Promise<never> {
  throw new DsecosError("Unavailable", "This member of the audit log is not built yet.");
}

function offsetOf(cursor: string, size: number): number {
  const offset = Number(cursor);
  if (/^[1-9][0-9]{0,15}$/.test(cursor) && offset <= size) return offset;
  throw new DsecosError("InvalidArgument", "This cursor is not from a page of the audit log.");
}

function passes(entry: AuditEntry, filter: AuditFilter): boolean {
  const { action, actor, tenant, outcome } = filter;
  return (
    (action === undefined || entry.action.startsWith(action)) &&
    (actor === undefined || entry.actor === actor) &&
    (tenant === undefined || entry.tenant === tenant) &&
    (outcome === undefined || entry.outcome === outcome)
  );
}
