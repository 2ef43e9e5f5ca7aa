/** The writer's interface: what follows (a better log) keeps it. */
import type { AuditEntry, outcomes } from "./contract.ts";

export interface AuditEvent {
  action: string;
  outcome: (typeof outcomes)[number];
  actor: string;
  uid: number;
  loginuid?: number;
  pid?: number;
  label?: string;
  tenant?: string | undefined;
  object?: string | undefined;
  call?: string | undefined;
  /** JSON values only; bounded by the writer to 16 KiB, beyond which only its hash is kept. */
  details?: Record<string, unknown> | undefined;
  error?: string | undefined;
}

export interface AuditWriter {
  /**
   * Resolves when the entry is on disk (fdatasync done). Rejects with Unavailable when it cannot
   * be written; the act must not take place then.
   */
  append(event: AuditEvent): Promise<AuditEntry>;
}
