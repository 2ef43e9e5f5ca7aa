/**
 * Events of the journal: journalctl follows it from the last entry on record, and is started again
 * when it ends. That entry is asked for once more: where it does not come, the journal was perhaps
 * rotated past it.
 */
import { type ChildProcess, spawn } from "node:child_process";
import { existsSync } from "node:fs";
import { explain, type Log } from "../../../log.ts";
import type { AuditEntry } from "../../contract.ts";
import { aboutSource, type Outlet } from "../outlet.ts";
import { Slices } from "../slices.ts";
import type { Source, SourceStatus } from "../types.ts";
import { isContinuous } from "./continuity.ts";
import { fromJournal } from "./event.ts";
import { ExportParser, type JournalEntry } from "./export.ts";
import { matches, outputFields } from "./matches.ts";

export interface JournalOptions {
  outlet: Outlet;
  log: Log;
  recent: readonly AuditEntry[];
  /** Where journal files are; those of the system unless told. */
  directory?: string;
}

const firstRetryMs = 500;
const lastRetryMs = 30_000;
const heartbeatMs = 600_000;
const mostErrorBytes = 2_000;
const alarmMs = 24 * 3_600_000;
const journaldSocket = "/run/systemd/journal/socket";

export class Journal implements Source {
  readonly #options: Omit<JournalOptions, "recent">;
  /** Let go of once it is known where to go on: there may be thousands. */
  #recent: readonly AuditEntry[];
  readonly #slices = new Slices();
  #cursor = "";
  #child: ChildProcess | undefined;
  #running: Promise<void> = Promise.resolve();
  #retryTimer: NodeJS.Timeout | undefined;
  #heartbeat: NodeJS.Timeout | undefined;
  #retryMs = firstRetryMs;
  #stopped = true;
  #problem = "";
  #received = 0;
  #counted = 0;
  #gaps = 0;
  #lostAt = Number.NEGATIVE_INFINITY;
  #at = 0;

  constructor({ recent, ...options }: JournalOptions) {
    this.#options = options;
    this.#recent = recent;
  }

  start(): void {
    this.#stopped = false;
    this.#cursor = cursorOf(this.#recent);
    this.#recent = [];
    this.#tell("Started");
    this.#launch();
    this.#heartbeat = setInterval(() => this.#tell("Heartbeat"), heartbeatMs);
    this.#heartbeat.unref();
  }

  async stop(): Promise<void> {
    if (this.#stopped) return;
    this.#stopped = true;
    clearTimeout(this.#retryTimer);
    clearInterval(this.#heartbeat);
    this.#child?.kill("SIGKILL");
    await this.#running;
    this.#tell("Stopped");
  }

  status(): SourceStatus {
    const { outlet } = this.#options;
    return {
      name: "journal",
      ...this.#state(),
      at: this.#at === 0 ? "" : new Date(this.#at).toISOString(),
      received: this.#received,
      suppressed: outlet.suppressed,
      gaps: this.#gaps,
    };
  }

  #state(): Pick<SourceStatus, "state" | "text"> {
    const { outlet, directory } = this.#options;
    if (outlet.trouble !== "") return { state: "alarm", text: outlet.trouble };
    if (performance.now() - this.#lostAt < alarmMs) {
      const text = "The journal was rotated past the last entry on record; look at journal.Gap.";
      return { state: "alarm", text };
    }
    if (outlet.suppressedLately) {
      const text = "More entries came than are recorded; look at journal.Suppressed in the log.";
      return { state: "alarm", text };
    }
    if (directory === undefined && !existsSync(journaldSocket)) {
      const text = "journald is not running: systemctl start systemd-journald.";
      return { state: "absent", text };
    }
    if (this.#problem !== "") return { state: "lagging", text: this.#problem };
    return { state: "ok", text: "The journal is followed." };
  }

  #launch(): void {
    this.#running = this.#follow().finally(() => {
      if (this.#stopped) return;
      this.#retryTimer = setTimeout(() => this.#launch(), this.#retryMs);
      this.#retryTimer.unref();
      this.#retryMs = Math.min(this.#retryMs * 2, lastRetryMs);
    });
  }

  async #follow(): Promise<void> {
    const child = spawn("journalctl", this.#arguments(), { stdio: ["ignore", "pipe", "pipe"] });
    this.#child = child;
    let errors = "";
    child.stderr.setEncoding("utf8").on("data", (text: string) => {
      errors = (errors + text).slice(0, mostErrorBytes);
    });
    const ended = new Promise<string>((resolve) => {
      child.on("error", (error) => resolve(error.message));
      child.on("close", (code, signal) => resolve(`it ended with ${code ?? signal}`));
    });
    const parser = new ExportParser();
    const asked = this.#cursor;
    let first = asked !== "";
    try {
      for await (const chunk of child.stdout) {
        for (const entry of parser.push(chunk as Buffer)) {
          if (first) {
            first = false;
            if (entry.get("__CURSOR") === asked) continue;
            if (!(await isContinuous(asked, this.#options.directory))) this.#lose(asked, entry);
          }
          await this.#take(entry);
        }
        this.#problem = "";
        this.#retryMs = firstRetryMs;
      }
    } catch (error) {
      child.kill("SIGKILL");
      errors = explain(error);
    }
    const how = await ended;
    if (this.#stopped) return;
    this.#problem = "journalctl ended and is started again; see the agent's journal.";
    this.#options.log("warning", "journalctl ended", { how, errors: errors.trim() });
  }

  #arguments(): string[] {
    const { directory } = this.#options;
    const from = this.#cursor === "" ? ["--lines=0"] : ["--no-tail", `--cursor=${this.#cursor}`];
    return [
      ...["--output=export", "--follow", "--quiet", ...from],
      `--output-fields=${outputFields.join(",")}`,
      ...(directory === undefined ? [] : [`--directory=${directory}`]),
      ...matches,
    ];
  }

  async #take(entry: JournalEntry): Promise<void> {
    const { outlet } = this.#options;
    if (outlet.full) await outlet.room();
    const rest = this.#slices.rest();
    if (rest !== undefined) await rest;
    if (this.#stopped) return;
    this.#received += 1;
    this.#at = Date.now();
    const mapped = fromJournal(entry);
    this.#cursor = entry.get("__CURSOR") ?? this.#cursor;
    if (mapped === undefined) this.#counted += 1;
    else outlet.put(mapped.event, mapped.vital);
  }

  #lose(asked: string, entry: JournalEntry): void {
    this.#gaps += 1;
    this.#lostAt = performance.now();
    const microseconds = Number(entry.get("__REALTIME_TIMESTAMP"));
    const details = {
      reason: "the journal does not have the last entry on record any more",
      after: timeOf(asked),
      until: Number.isFinite(microseconds) ? new Date(microseconds / 1000).toISOString() : "",
    };
    const event = aboutSource("journal", "Gap", details);
    this.#options.outlet.note({ ...event, outcome: "failure" });
    this.#options.log("error", "entries of the journal are missing", details);
  }

  #tell(what: string): void {
    const counts = { received: this.#received, counted: this.#counted, gaps: this.#gaps };
    const suppressed = this.#options.outlet.suppressed;
    const details = { cursor: this.#cursor, counts: { ...counts, suppressed } };
    this.#options.outlet.note(aboutSource("journal", what, details));
  }
}

/** @returns of the newest event of this source; empty without one */
function cursorOf(entries: readonly AuditEntry[]): string {
  let newest: AuditEntry | undefined;
  for (const entry of entries) {
    const { source, details, sequence } = entry;
    if (source !== "journal" || typeof details?.cursor !== "string" || details.cursor === "")
      continue;
    if (newest === undefined || sequence > newest.sequence) newest = entry;
  }
  return String(newest?.details?.cursor ?? "");
}

/** A cursor holds the time of its entry: `…;t=<microseconds in hexadecimal>;…`. */
function timeOf(cursor: string): string {
  const digits = /(?:^|;)t=([0-9a-f]{1,14})(?:;|$)/.exec(cursor)?.[1];
  return digits === undefined ? "" : new Date(Number.parseInt(digits, 16) / 1000).toISOString();
}
