/** What is stopped in the cluster for a while, and that it ends. */
import { hostname } from "node:os";
import { setTimeout as sleep } from "node:timers/promises";
import type { AuditWriter } from "../../audit/types.ts";
import type { Call } from "../../bus/call.ts";
import { DsecosError } from "../../bus/errors.ts";
import { explain } from "../../log.ts";
import type { Core } from "../core.ts";
import { stoppingFlags } from "../health/flags.ts";
import type { FlagRow, Flags } from "./answers.ts";
import { type FlagWindow, Windows } from "./windows.ts";

/** Other nodes' agents may have opened one. */
const everyMs = 10_000;

export interface FlagsParts extends Core {
  audit: AuditWriter;
  changed: () => void;
  now: () => number;
}

export class FlagKeeper {
  readonly #parts: FlagsParts;
  readonly #windows: Windows;
  readonly #stopping = new AbortController();
  /** Ends the pause before the next look. */
  #wake = new AbortController();
  #running: Promise<void> = Promise.resolve();
  #problem = "";

  constructor(parts: FlagsParts) {
    this.#parts = parts;
    this.#windows = new Windows(parts.link);
    parts.link.onChanged(() => this.#wake.abort());
  }

  start(): void {
    this.#running = this.#run();
  }

  async stop(): Promise<void> {
    this.#stopping.abort();
    this.#wake.abort();
    await this.#running;
  }

  async #run(): Promise<void> {
    while (!this.#stopping.signal.aborted) {
      this.#wake = new AbortController();
      const waitMs = await this.round();
      // Aborted to wake it up.
      await sleep(waitMs, undefined, { ref: false, signal: this.#wake.signal }).catch(() => {});
    }
  }

  /** Ends what has to end. @returns how long until it is to be looked again, in milliseconds */
  async round(): Promise<number> {
    const { link, log, now } = this.#parts;
    if (link.status().state !== "ready") return everyMs;
    try {
      const next = await this.#windows.endThose(now(), (flag, windows) =>
        this.#record(flag, windows),
      );
      this.#problem = "";
      return Math.max(100, Math.min(everyMs, next - now()));
    } catch (error) {
      const problem = error instanceof DsecosError ? error.message : explain(error);
      if (problem !== this.#problem) {
        // A key that may only read sets no flags either.
        const level = error instanceof DsecosError ? "info" : "error";
        log(level, "windows of flags could not be looked at", { error: problem });
      }
      this.#problem = problem;
      return everyMs;
    }
  }

  async #record(flag: string, windows: readonly FlagWindow[]): Promise<void> {
    await this.#parts.audit.append({
      ...{ action: "ceph.FlagEnds", outcome: "note", object: flag },
      ...{ actor: "agent", uid: process.getuid?.() ?? 0 },
      details: {
        windows: windows.map(({ id, by, node, at, until }) => ({ id, by, node, at, until })),
      },
    });
    this.#parts.changed();
  }

  async list(): Promise<Flags> {
    const { at, rows } = await this.#rows();
    const flags = rows.filter(({ isSet, windows }) => isSet || windows.length > 0);
    return { at, flags, problem: this.#problem };
  }

  async set(call: Call, flag: string, minutes: number, reason: string): Promise<FlagRow> {
    await this.open(call, flag, minutes, reason);
    return this.#row(flag);
  }

  async open(call: Call, flag: string, minutes: number, reason: string): Promise<void> {
    const now = this.#parts.now();
    const { user: by } = call.caller;
    const at = new Date(now).toISOString();
    const window = {
      by,
      node: hostname(),
      reason,
      at,
      until: new Date(now + minutes * 60_000).toISOString(),
    };
    await this.#windows.open(flag, window);
    this.#wake.abort();
  }

  async end(flag: string): Promise<FlagRow> {
    const windows = await this.#windows.list();
    await this.#windows.end(
      flag,
      windows.filter((window) => window.flag === flag),
    );
    return this.#row(flag);
  }

  async #row(flag: string): Promise<FlagRow> {
    this.#parts.changed();
    const { rows } = await this.#rows(flag);
    const row = rows.find((one) => one.flag === flag);
    if (row === undefined) throw new Error(`nothing is known of the flag ${flag}`);
    return row;
  }

  /** @param also a flag that is told of although nothing is stopped by it */
  async #rows(also = ""): Promise<{ at: string; rows: FlagRow[] }> {
    const [{ at, set }, windows] = await Promise.all([
      this.#parts.facts.askAnew("flags", undefined),
      this.#windows.list(),
    ]);
    const names = new Set([...set, ...windows.map(({ flag }) => flag), also]);
    const rows = stoppingFlags([...names]).map(({ flag, means }): FlagRow => {
      const own = windows.filter((window) => window.flag === flag);
      const until = own.map((window) => window.until).sort();
      const isSet = set.includes(flag);
      return {
        ...{ flag, means, isSet, until: until.at(-1) ?? null, trouble: troubleOf(isSet, own) },
        windows: own.map(({ flag: _flag, key: _key, ...window }) => window),
      };
    });
    return { at, rows };
  }
}

function troubleOf(isSet: boolean, windows: readonly FlagWindow[]): string {
  if (isSet && windows.length === 0) {
    return "It was set without an end, and stays until somebody ends it.";
  }
  if (isSet || windows.length === 0) return "";
  return "Somebody cleared it before its end.";
}
