/**
 * Follows the log and hands every event to a target, at least once and in order. How far it came
 * goes on record in the log itself, so a restart goes on from there; targets bear a repetition.
 */
import { setTimeout as sleep } from "node:timers/promises";
import { explain, type Log } from "../../log.ts";
import type { AuditEntry } from "../contract.ts";
import type { AuditWriter } from "../types.ts";
import type { Exported } from "./ecs.ts";

export const forwardedAction = "audit.Forwarded";

export interface EventSource {
  /** Number of events. */
  readonly size: number;
  /** @param from index. @returns at most `count` events; fewer at the end. */
  read(from: number, count: number): Promise<Exported[]>;
  /** @returns a function that ends it. */
  onAppended(listener: () => void): () => void;
}

export interface Target {
  /** Stands in the record; one cursor for each name. */
  readonly name: string;
  /** How many events it takes at once. */
  readonly batch: number;
  /** Events that it will never take. */
  readonly refused: number;
  /**
   * Resolves when the target has all of them.
   * @throws Retry when it should be offered the same again, later.
   */
  send(events: readonly Exported[], signal: AbortSignal): Promise<void>;
  close(): void;
}

/** The target cannot take it now. */
export class Retry extends Error {
  /** Milliseconds that the target asked for; 0 when it did not. */
  readonly afterMs: number;
  constructor(message: string, afterMs = 0) {
    super(message);
    this.afterMs = afterMs;
  }
}

export interface ForwardStatus {
  name: string;
  state: "ok" | "lagging" | "alarm";
  /** Sequence up to which the target has everything. */
  through: number;
  waiting: number;
  at: string;
  text: string;
}

export interface ForwardOptions {
  source: EventSource;
  target: Target;
  audit: AuditWriter;
  log: Log;
  /** Sequence up to which the target has everything, as the log tells. */
  from: number;
  /** How far it came is recorded so often, in milliseconds, when there is something new. */
  recordMs?: number;
  firstRetryMs?: number;
  lastRetryMs?: number;
}

const usual = { recordMs: 60_000, firstRetryMs: 500, lastRetryMs: 60_000 };
/** Waiting longer than this is an alarm, in milliseconds. */
const patienceMs = 300_000;

/** @param entries oldest first. @returns where to go on, in sequences. */
export function forwardedThrough(entries: readonly AuditEntry[], target: string): number {
  const last = entries.findLast(
    ({ action, object }) => action === forwardedAction && object === target,
  );
  const through = last?.details?.through;
  return typeof through === "number" ? through : 0;
}

export class Forwarder {
  readonly #options: Required<ForwardOptions>;
  readonly #abort = new AbortController();
  #through: number;
  #recorded: number;
  #recordedAt = Date.now();
  #sentAt = "";
  #failingSince = 0;
  #trouble = "";
  #running: Promise<void> | undefined;
  #wake: () => void = () => {};

  constructor(options: ForwardOptions) {
    this.#options = { ...usual, ...options };
    this.#through = options.from;
    this.#recorded = options.from;
  }

  start(): void {
    this.#running ??= this.#run();
  }

  async stop(): Promise<void> {
    this.#abort.abort();
    this.#wake();
    await this.#running;
    this.#options.target.close();
  }

  status(): ForwardStatus {
    const { source, target } = this.#options;
    const waiting = Math.max(0, source.size - this.#through);
    const failing = this.#failingSince > 0;
    const late = failing && Date.now() - this.#failingSince > patienceMs;
    const { refused } = target;
    const all =
      refused > 0 ? `It refused ${refused} event(s); see its log.` : "It has every event.";
    return {
      name: target.name,
      state: late || refused > 0 ? "alarm" : failing ? "lagging" : "ok",
      through: this.#through,
      waiting,
      at: this.#sentAt,
      text: failing ? `${this.#trouble} ${waiting} events wait.` : all,
    };
  }

  async #run(): Promise<void> {
    const { source } = this.#options;
    const { signal } = this.#abort;
    const off = source.onAppended(() => this.#wake());
    try {
      while (!signal.aborted) {
        const news = new Promise<void>((resolve) => {
          this.#wake = resolve;
        });
        const sent = await this.#sendAll(signal);
        await this.#record(sent);
        if (!signal.aborted && source.size <= this.#through) await news;
      }
      await this.#record(this.#through > this.#recorded, true);
    } finally {
      off();
    }
  }

  /** @returns true when something other than our own notes was sent. */
  async #sendAll(signal: AbortSignal): Promise<boolean> {
    const { source, target } = this.#options;
    let something = false;
    while (!signal.aborted && this.#through < source.size) {
      const events = await source.read(this.#through, target.batch);
      const last = events.at(-1);
      if (last === undefined) break;
      if (!(await this.#send(events, signal))) break;
      this.#through = last.entry.sequence;
      this.#sentAt = new Date().toISOString();
      something ||= events.some(({ entry }) => entry.action !== forwardedAction);
      await this.#record(something);
    }
    return something;
  }

  async #send(events: readonly Exported[], signal: AbortSignal): Promise<boolean> {
    const { target, log, firstRetryMs, lastRetryMs } = this.#options;
    for (let wait = firstRetryMs; ; wait = Math.min(wait * 2, lastRetryMs)) {
      try {
        await target.send(events, signal);
        if (this.#failingSince > 0) log("info", "the export goes on", { target: target.name });
        this.#failingSince = 0;
        return true;
      } catch (error) {
        if (signal.aborted) return false;
        this.#trouble = error instanceof Error ? error.message : String(error);
        if (this.#failingSince === 0) {
          this.#failingSince = Date.now();
          log("warning", "the export waits", { target: target.name, error: explain(error) });
        }
        // Not all wait for the same moment.
        const jitter = 0.5 + Math.random() / 2;
        const asked = error instanceof Retry ? error.afterMs : 0;
        try {
          await sleep(Math.max(asked, wait * jitter), undefined, { signal });
        } catch {
          return false; // Told to stop while it waited.
        }
      }
    }
  }

  /** Our own note is an event too: it alone is no reason for the next. */
  async #record(something: boolean, last = false): Promise<void> {
    const { audit, target, recordMs, log } = this.#options;
    const due = last || Date.now() - this.#recordedAt >= recordMs;
    if (!something || !due || this.#through === this.#recorded) return;
    this.#recordedAt = Date.now();
    this.#recorded = this.#through;
    const event = {
      action: forwardedAction,
      outcome: "note",
      source: "log",
      actor: "agent",
      uid: process.getuid?.() ?? 0,
      object: target.name,
      details: { through: this.#through },
    } as const;
    try {
      await audit.append(event, "written");
    } catch (error) {
      log("warning", "how far an export came could not be recorded", { error: explain(error) });
    }
  }
}
