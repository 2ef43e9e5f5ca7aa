/**
 * Readings that are on record already. Whoever turns pages or follows what is new goes on with one
 * reading: a record of each step would fill the log, and two who follow it would wake each other
 * for ever.
 */
import type { AuditEvent } from "../audit/types.ts";
import type { Method } from "./contract.ts";

/** How long a reading may go on before it is recorded again, in milliseconds. */
const lasts = 600_000;
const mostKept = 10_000;

export class Readings {
  readonly #until = new Map<string, number>();

  /** @returns whether the call goes on with a reading that is on record. */
  goesOn(connection: string, method: Method, event: AuditEvent): boolean {
    if (method.continues === undefined) return false;
    return performance.now() < (this.#until.get(keyOf(connection, method, event)) ?? 0);
  }

  /** To be told once the record is on disk. */
  began(connection: string, method: Method, event: AuditEvent): void {
    if (method.continues === undefined) return;
    if (this.#until.size >= mostKept) this.#until.clear();
    this.#until.set(keyOf(connection, method, event), performance.now() + lasts);
  }
}

/** Same connection, member and arguments, apart from the keys that only turn pages. */
function keyOf(connection: string, method: Method, { action, details }: AuditEvent): string {
  const paging = new Set(method.continues);
  const kept = JSON.stringify(details, (key, value) => (paging.has(key) ? undefined : value));
  return `${connection} ${action} ${kept}`;
}
