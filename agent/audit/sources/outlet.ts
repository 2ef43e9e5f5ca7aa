/**
 * The way of a source's events into the log: at a bounded rate, so that one source cannot drown the
 * others or fill the disk; in order; and held back while the log cannot be written. What is left
 * out is counted by action, and the counts are recorded.
 */
import { DsecosError } from "../../bus/errors.ts";
import { explain, type Log } from "../../log.ts";
import type { AuditEvent, AuditWriter } from "../types.ts";
import { Budget } from "./budget.ts";
import { type SourceEvent, type SourceName, shorten } from "./types.ts";

export interface Rate {
  burst: number;
  perSecond: number;
}

export interface OutletOptions {
  source: SourceName;
  audit: AuditWriter;
  log: Log;
  rate: Rate;
  /** Monotonic milliseconds. */
  now?: () => number;
  /** How long a count of suppressed events waits to be recorded. */
  noteMs?: number;
  firstRetryMs?: number;
}

/** Events handed to the log and not yet acknowledged; the source waits beyond that. */
const mostInFlight = 512;
/** The budget of rare and important events, beside that of all others. */
const vitalRate: Rate = { burst: 2_000, perSecond: 20 };
const lastRetryMs = 30_000;
/** Different actions that are counted apart. */
const mostActions = 200;

interface Held {
  event: SourceEvent;
  settled: () => void;
}

interface Count {
  count: number;
  first: string;
  last: string;
}

export class Outlet {
  readonly #options: OutletOptions;
  readonly #usual: Budget;
  readonly #vital: Budget;
  readonly #counts = new Map<string, Count>();
  readonly #waiting: (() => void)[] = [];
  #failed: Held[] = [];
  #inFlight = 0;
  #retryMs: number;
  #retryTimer: NodeJS.Timeout | undefined;
  #noteTimer: NodeJS.Timeout | undefined;
  #stopped = false;
  #released = false;
  #suppressed = 0;
  #suppressedAt = Number.NEGATIVE_INFINITY;
  #trouble = "";

  constructor(options: OutletOptions) {
    this.#options = options;
    const now = options.now ?? (() => performance.now());
    this.#usual = new Budget(options.rate.burst, options.rate.perSecond, now);
    this.#vital = new Budget(vitalRate.burst, vitalRate.perSecond, now);
    this.#retryMs = options.firstRetryMs ?? 500;
  }

  /** Events that were left out since the start. */
  get suppressed(): number {
    return this.#suppressed;
  }

  /** Whether some were left out within the last day. */
  get suppressedLately(): boolean {
    return performance.now() - this.#suppressedAt < 24 * 3_600_000;
  }

  /** Why nothing is recorded at present; empty when all is well. */
  get trouble(): string {
    return this.#trouble;
  }

  /** Whether the source has to wait before the next event. */
  get full(): boolean {
    return this.#inFlight + this.#failed.length >= mostInFlight;
  }

  /** Resolves when there is room again, or when everything ends. */
  room(): Promise<void> {
    if (!this.full || this.#released) return Promise.resolve();
    return new Promise((resolve) => {
      this.#waiting.push(resolve);
    });
  }

  /**
   * Takes an event. The caller waits for `room` first.
   * @param vital rare and important: has a budget of its own
   * @param settled called once the event is in the log, or counted as left out
   */
  put(event: SourceEvent, vital: boolean, settled: () => void = () => {}): void {
    if (!(vital ? this.#vital : this.#usual).take()) {
      this.#count(event);
      settled();
      return;
    }
    shorten(event.details);
    this.#send({ event, settled });
  }

  /** Takes what the source tells about itself, which has no limit: it is as rare as its timers. */
  note(event: SourceEvent): void {
    this.#send({ event, settled: () => {} });
  }

  /** Lets go whoever waits for room, before the source is stopped. */
  release(): void {
    this.#released = true;
    for (const wake of this.#waiting.splice(0)) wake();
  }

  /** Records what is outstanding; gives up what the log cannot take now. */
  async stop(): Promise<void> {
    this.#tell();
    this.#stopped = true;
    clearTimeout(this.#noteTimer);
    clearTimeout(this.#retryTimer);
    const deadline = performance.now() + 2_000;
    while (this.#inFlight > 0 && performance.now() < deadline) {
      await new Promise((resolve) => setTimeout(resolve, 5));
    }
  }

  #send(held: Held): void {
    // Behind one that failed, all others wait, so that the log has them in order.
    if (this.#failed.length > 0) {
      this.#failed.push(held);
      return;
    }
    void this.#append(held).then((error) => {
      if (error === undefined) this.#wake();
      else this.#fail(held, error);
    });
  }

  /** @returns why it has to be tried again */
  async #append(held: Held): Promise<DsecosError | undefined> {
    this.#inFlight += 1;
    try {
      await this.#options.audit.append(held.event, "written");
    } catch (error) {
      if (error instanceof DsecosError && error.code === "Unavailable") return error;
      // An event that the log will never take must not keep all others waiting.
      const facts = { action: held.event.action, error: explain(error) };
      this.#options.log("error", "an event cannot be recorded", facts);
      this.#count(held.event);
    } finally {
      this.#inFlight -= 1;
    }
    held.settled();
    return undefined;
  }

  #wake(): void {
    if (this.full) return;
    for (const wake of this.#waiting.splice(0)) wake();
  }

  #fail(held: Held, error: DsecosError): void {
    this.#failed.push(held);
    if (this.#trouble === "") {
      this.#trouble = `The audit log cannot be written; ${this.#options.source} waits.`;
      const facts = { source: this.#options.source, error: explain(error) };
      this.#options.log("error", "events of a source wait for the audit log", facts);
    }
    this.#later();
  }

  #later(): void {
    if (this.#stopped || this.#retryTimer !== undefined) return;
    this.#retryTimer = setTimeout(() => void this.#retry(), this.#retryMs);
    this.#retryTimer.unref();
    this.#retryMs = Math.min(this.#retryMs * 2, lastRetryMs);
  }

  /** One by one and in order, until all are in or one fails again. */
  async #retry(): Promise<void> {
    for (;;) {
      const held = this.#failed[0];
      if (held === undefined) break;
      if ((await this.#append(held)) !== undefined) {
        this.#retryTimer = undefined;
        this.#later();
        return;
      }
      this.#failed.shift();
    }
    this.#retryTimer = undefined;
    this.#retryMs = this.#options.firstRetryMs ?? 500;
    this.#trouble = "";
    this.#options.log("info", "events are recorded again", { source: this.#options.source });
    this.#wake();
  }

  #count(event: AuditEvent): void {
    this.#suppressed += 1;
    this.#suppressedAt = performance.now();
    const at = new Date().toISOString();
    const full = this.#counts.size >= mostActions && !this.#counts.has(event.action);
    const action = full ? "other" : event.action;
    const known = this.#counts.get(action);
    if (known === undefined) this.#counts.set(action, { count: 1, first: at, last: at });
    else {
      known.count += 1;
      known.last = at;
    }
    if (this.#noteTimer !== undefined || this.#stopped) return;
    this.#noteTimer = setTimeout(() => {
      this.#noteTimer = undefined;
      this.#tell();
    }, this.#options.noteMs ?? 60_000);
    this.#noteTimer.unref();
  }

  #tell(): void {
    if (this.#counts.size === 0) return;
    const counts = Object.fromEntries(this.#counts);
    const total = [...this.#counts.values()].reduce((sum, { count }) => sum + count, 0);
    this.#counts.clear();
    this.note(aboutSource(this.#options.source, "Suppressed", { total, actions: counts }));
  }
}

/** What a source tells about itself, with the agent as actor. */
export function aboutSource(
  source: SourceName,
  what: string,
  details: Record<string, unknown>,
): SourceEvent {
  const self = { actor: "agent", uid: process.getuid?.() ?? 0, pid: process.pid };
  return { source, action: `${source}.${what}`, outcome: "note", ...self, details };
}
