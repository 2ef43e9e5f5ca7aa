/** Reading the audit record: auditors all of it, others what concerns a tenant or themselves. */
import type { Call } from "../bus/call.ts";
import type { Handlers, OutputOf } from "../bus/contract.ts";
import { DsecosError } from "../bus/errors.ts";
import type { AuditEntry, audit } from "./contract.ts";
import type { AuditLog } from "./log.ts";
import { readBack, verifyChain } from "./reader.ts";

type Filter = Parameters<Handlers<typeof audit, Call>["List"]>[1];

export function createAudit(log: AuditLog): { handlers: Handlers<typeof audit, Call> } {
  const page = async (filter: Filter, also: (entry: AuditEntry) => boolean) => {
    const end = filter.cursor === "" ? log.size : offsetOf(filter.cursor, log.size);
    const matches = (entry: AuditEntry) => also(entry) && passes(entry, filter);
    const { rows, next } = await readBack(log.path, end, filter.limit, matches);
    return { rows, next: next === 0 ? "" : String(next) };
  };
  return {
    handlers: {
      List: (_call, filter) => page(filter, () => true),
      ListTenant: (_call, tenant, filter) => page(filter, (entry) => entry.tenant === tenant),
      ListOwn: ({ caller }, filter) => page(filter, (entry) => entry.uid === caller.uid),
      async Verify(): Promise<OutputOf<(typeof audit)["methods"]["Verify"]>> {
        const verdict = await verifyChain(log.path, log.size);
        return { ...verdict, checkedAt: new Date().toISOString() };
      },
    },
  };
}

function offsetOf(cursor: string, size: number): number {
  const offset = Number(cursor);
  if (/^[1-9][0-9]{0,15}$/.test(cursor) && offset <= size) return offset;
  throw new DsecosError("InvalidArgument", "This cursor is not from a page of the audit log.");
}

function passes(entry: AuditEntry, filter: Filter): boolean {
  const { action, actor, tenant, outcome } = filter;
  return (
    (action === undefined || entry.action.startsWith(action)) &&
    (actor === undefined || entry.actor === actor) &&
    (tenant === undefined || entry.tenant === tenant) &&
    (outcome === undefined || entry.outcome === outcome)
  );
}
