/** What the audit log has of keys, read a page at a time. */
import type { AuditPage } from "../../audit/answers.ts";
import type { AuditEntry } from "../../audit/entry.ts";
import type { AuditFilter } from "../../audit/filter.ts";
import { readingAction } from "../use/receipt.ts";

/** Asks the index of the audit log. @throws DsecosError */
export type AskRecord = (filter: AuditFilter) => Promise<AuditPage>;

const pageSize = 1000;

export interface Span {
  readonly tenant: string;
  readonly action: string;
  readonly from: string;
  readonly to?: string;
  readonly signal?: AbortSignal;
}

/** All entries of an action, newest first. @param span how far that is narrowed */
export async function entriesOf(
  ask: AskRecord,
  span: Pick<Span, "action"> & Partial<Span>,
): Promise<AuditEntry[]> {
  const { signal, ...conditions } = span;
  const entries: AuditEntry[] = [];
  for (let cursor = ""; ; ) {
    signal?.throwIfAborted();
    const { rows, next } = await ask({ ...conditions, cursor, limit: pageSize });
    for (const row of rows) entries.push(row);
    if (next === "") return entries;
    cursor = next;
  }
}

/** Readings of a tenant's tokens in a span. */
export function readingEntries(ask: AskRecord, span: Omit<Span, "action">): Promise<AuditEntry[]> {
  return entriesOf(ask, { ...span, action: readingAction });
}
