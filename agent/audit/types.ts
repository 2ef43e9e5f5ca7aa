/** The writer's interface: what follows (a better log) keeps it. */
import type { AuditEntry, outcomes, sources } from "./contract.ts";

export interface AuditEvent {
  action: string;
  outcome: (typeof outcomes)[number];
  /** Who noticed it; the agent itself unless told. */
  source?: (typeof sources)[number];
  actor: string;
  uid: number;
  loginuid?: number;
  pid?: number;
  label?: string;
  /** Network address that it came from. */
  address?: string | undefined;
  tenant?: string | undefined;
  object?: string | undefined;
  /** Data flow that it belongs to. */
  flow?: string | undefined;
  call?: string | undefined;
  /** JSON values only; bounded by the writer to 16 KiB, beyond which only its hash is kept. */
  details?: Record<string, unknown> | undefined;
  error?: string | undefined;
}

/**
 * `durable`: on disk, whatever happens; for everything that must be on record before an act.
 * `written`: handed to the kernel, so that it outlives the agent, and durable within 50 ms; for
 * outcomes. Should power fail in between, the next start finds the intent without its outcome and
 * looks up what came of it.
 */
export type Until = "durable" | "written";

export interface AuditWriter {
  /**
   * Resolves when the entry is durable, or written where that is enough. Rejects with Unavailable
   * when it cannot be written; the act must not take place then.
   */
  append(event: AuditEvent, until?: Until): Promise<AuditEntry>;
}
