/** Asks for events and counts within what the person may see. */
import type { AuditPage, Summary } from "../../agent/audit/answers.ts";
import { audit } from "../../agent/audit/contract.ts";
import type { AuditConditions } from "../../agent/audit/filter.ts";
import { client } from "../lib/client.ts";

/** Everybody's acts, those that concern one tenant, or one's own. */
export type Scope = { kind: "all" } | { kind: "tenant"; tenant: string } | { kind: "own" };

const prefix = "tenant:";

/** @param text as it stands in the address; what the person may not see falls back to the own acts */
export function toScope(text: string, mayReadAll: boolean): Scope {
  if (text.startsWith(prefix) && text.length > prefix.length) {
    return { kind: "tenant", tenant: text.slice(prefix.length) };
  }
  return mayReadAll && text !== "own" ? { kind: "all" } : { kind: "own" };
}

export function scopeText(scope: Scope): string {
  return scope.kind === "tenant" ? `${prefix}${scope.tenant}` : scope.kind;
}

interface Part {
  cursor?: string;
  /** Only what is newer than this size of the log. */
  after?: number;
  limit: number;
}

export function loadEvents(
  scope: Scope,
  conditions: AuditConditions,
  { cursor = "", ...part }: Part,
): Promise<AuditPage> {
  const api = client(audit);
  const filter = { ...conditions, cursor, ...part };
  if (scope.kind === "all") return api.List(filter);
  if (scope.kind === "tenant") return api.ListTenant(scope.tenant, filter);
  return api.ListOwn(filter);
}

/** Own acts are not counted by the agent: they are few, and the list has them. */
export async function loadSummary(
  scope: Scope,
  conditions: AuditConditions,
): Promise<Summary | undefined> {
  const api = client(audit);
  if (scope.kind === "all") return api.Summary(conditions);
  if (scope.kind === "tenant") return api.SummaryTenant(scope.tenant, conditions);
  return undefined;
}
