/**
 * Refusals on record, at a bounded rate: somebody who may do nothing at all must not be able to
 * fill the disk by asking again and again. What is left out is counted, and the count is recorded.
 */
import type { AuditEvent, AuditWriter } from "../audit/types.ts";
import { explain, type Log } from "../log.ts";

/** Refusals of one user that are recorded one by one within a window. */
const mostPerWindow = 20;
const windowMs = 60_000;

interface Window {
  recorded: number;
  suppressed: number;
  since: string;
}

export class Refusals {
  readonly #audit: AuditWriter;
  readonly #log: Log;
  readonly #windows = new Map<number, Window>();

  constructor(audit: AuditWriter, log: Log) {
    this.#audit = audit;
    this.#log = log;
  }

  /** Resolves when the refusal is recorded or counted. */
  async record(event: AuditEvent): Promise<void> {
    const window = this.#windowOf(event);
    if (window.recorded < mostPerWindow) {
      window.recorded += 1;
      await this.#audit.append(event);
      return;
    }
    window.suppressed += 1;
  }

  #windowOf(event: AuditEvent): Window {
    const known = this.#windows.get(event.uid);
    if (known !== undefined) return known;
    const window = { recorded: 0, suppressed: 0, since: new Date().toISOString() };
    this.#windows.set(event.uid, window);
    setTimeout(() => this.#end(event, window), windowMs).unref();
    return window;
  }

  #end({ actor, uid }: AuditEvent, { suppressed, since }: Window): void {
    this.#windows.delete(uid);
    if (suppressed === 0) return;
    const details = { refusals: suppressed, since };
    this.#audit
      .append({ action: "bus.Suppressed", outcome: "note", actor, uid, details })
      .catch((error) => {
        this.#log("error", "suppressed refusals could not be recorded", { error: explain(error) });
      });
  }
}
