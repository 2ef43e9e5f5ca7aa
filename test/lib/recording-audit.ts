import type { AuditEntry } from "../../agent/audit/contract.ts";
import type { AuditEvent, AuditWriter } from "../../agent/audit/types.ts";

/** A fake of the audit log: keeps entries in memory, and fails when told to. */
export class RecordingAudit implements AuditWriter {
  readonly entries: AuditEntry[] = [];
  failure: Error | undefined;

  async append(event: AuditEvent): Promise<AuditEntry> {
    if (this.failure !== undefined) throw this.failure;
    const entry = {
      source: "agent",
      loginuid: -1,
      pid: 0,
      label: "",
      ...structuredClone(event),
      sequence: this.entries.length + 1,
      time: new Date().toISOString(),
      node: "test",
    } as AuditEntry;
    this.entries.push(entry);
    return entry;
  }
}
