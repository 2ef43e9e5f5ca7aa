/**
 * Keeps the copies complete: looks every minute what the log has that the target was not seen to
 * have. Nothing is remembered on disk: after a start, what is there is found there, and compared.
 */
import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { setTimeout as delay } from "node:timers/promises";
import { explain, type Log } from "../../log.ts";
import { backOff } from "../remote.ts";
import { parseCheckpoint } from "../tlog/checkpoint.ts";
import { NoteError, parseNote } from "../tlog/note.ts";
import type { AuditWriter } from "../types.ts";
import { openContent } from "./content.ts";
import { DirectoryTarget } from "./directory.ts";
import { checkpointItem, type Item, planned } from "./plan.ts";
import { S3Target } from "./s3.ts";
import {
  Differs,
  type OffloadAlarm,
  type OffloadConfig,
  OffloadError,
  type OffloadStatus,
  type Target,
} from "./types.ts";

const roundMs = 60_000;
const longestWaitMs = 5 * 60_000;
const checkpointMs = 5 * 60_000;
/** When nothing could be copied for this long, it is an alarm. */
const lateMs = 60 * 60_000;
/** One event tells of so many files at most; its details are bounded. */
const mostTold = 100;

type Wait = (ms: number, signal: AbortSignal) => Promise<unknown>;

export interface OffloadOptions {
  config: OffloadConfig;
  /** The audit directory. */
  directory: string;
  audit: AuditWriter;
  log: Log;
  /** Waits; rejects when the signal is given. */
  wait?: Wait;
  now?: () => number;
}

interface Done {
  version: string;
  bytes: number;
}

interface Told {
  name: string;
  sha256: string;
}

export class Offload {
  readonly #options: OffloadOptions;
  readonly #target: Target;
  readonly #stopped = new AbortController();
  readonly #wait: Wait;
  readonly #now: () => number;
  readonly #done = new Map<string, Done>();
  /** By name of the copy; it stands until the file or the copy is put right. */
  readonly #differs = new Map<string, OffloadAlarm>();
  #checkpointAt = Number.NEGATIVE_INFINITY;
  #completeAt: number | undefined;
  #behindSince: number | undefined;
  #lateTold = false;
  #warning = "";
  #trouble = "";
  #running: Promise<void> | undefined;

  constructor(options: OffloadOptions) {
    this.#options = options;
    this.#wait = options.wait ?? ((ms, signal) => delay(ms, undefined, { signal }));
    this.#now = options.now ?? Date.now;
    const { config, directory } = options;
    this.#target =
      "s3" in config
        ? new S3Target(config.s3, { now: this.#now, wait: this.#wait })
        : new DirectoryTarget(config.directory, directory);
  }

  start(): void {
    this.#running ??= this.#run();
  }

  async stop(): Promise<void> {
    this.#stopped.abort();
    await this.#running;
    this.#target.close();
  }

  /** Where copies go, and for how many days they are held there from when they are made. */
  get place(): { name: string; days: number } {
    const { name, days } = this.#target;
    return { name, days };
  }

  status(): OffloadStatus {
    const { name, remark } = this.#target;
    const late = this.#late();
    const alarms = [...this.#differs.values(), ...(late === undefined ? [] : [late])];
    const files = this.#done.size;
    const bytes = [...this.#done.values()].reduce((sum, done) => sum + done.bytes, 0);
    const at = this.#completeAt;
    const waiting = at === undefined ? `Copies to ${name} were not looked at yet.` : "";
    const fine = `${files} files of the log are in ${name}. ${remark}`.trim();
    return {
      state: alarms.length > 0 ? "alarm" : this.#state(),
      at: at === undefined ? "" : new Date(at).toISOString(),
      text: alarms[0]?.text || this.#trouble || this.#warning || waiting || fine,
      files,
      bytes,
      alarms,
    };
  }

  #state(): OffloadStatus["state"] {
    if (this.#trouble !== "" || this.#warning !== "") return "warning";
    return this.#completeAt === undefined ? "unknown" : "ok";
  }

  async #run(): Promise<void> {
    const { signal } = this.#stopped;
    let failures = 0;
    while (!signal.aborted) {
      const fine = await this.#round();
      failures = fine ? 0 : failures + 1;
      try {
        await this.#wait(fine ? roundMs : backOff(failures + 1, longestWaitMs), signal);
      } catch (error) {
        if (!signal.aborted) throw error;
      }
    }
  }

  /** @returns whether all that there is has been copied. */
  async #round(): Promise<boolean> {
    const told: Told[] = [];
    let fine = false;
    try {
      this.#warning = await this.#target.check();
      fine = await this.#copyAll(told);
      this.#trouble = "";
      this.#behindSince = undefined;
      this.#lateTold = false;
      if (fine) this.#completeAt = this.#now();
    } catch (error) {
      if (!this.#stopped.signal.aborted) this.#complain(error);
    }
    await this.#record(told);
    return fine;
  }

  /** @returns false when there is no log yet. */
  async #copyAll(told: Told[]): Promise<boolean> {
    const { directory } = this.#options;
    const origin = await originOf(directory);
    if (origin === undefined) return false;
    for (const item of await planned(directory, this.#now())) {
      if (this.#done.get(item.path)?.version === item.version) continue;
      const began = performance.now();
      const stored = await this.#copy(origin, item);
      if (stored !== undefined) told.push(stored);
      // After a start all files are hashed: not more than half of the time.
      await delay(performance.now() - began, undefined, { signal: this.#stopped.signal });
    }
    // Not told of: each would be an event, and each event makes another checkpoint.
    if (this.#now() - this.#checkpointAt >= checkpointMs) {
      await this.#copyCheckpoint(origin);
    }
    return true;
  }

  async #copyCheckpoint(origin: string): Promise<void> {
    const { directory } = this.#options;
    const size = await checkpointSize(directory);
    const item = size === undefined ? undefined : await checkpointItem(directory, size);
    if (item === undefined || this.#done.get(item.path)?.version === item.version) return;
    await this.#copy(origin, item);
    this.#checkpointAt = this.#now();
  }

  /** @returns what was copied now; undefined for what was there, or is not in the log any more. */
  async #copy(origin: string, item: Item): Promise<Told | undefined> {
    const content = await openContent(join(this.#options.directory, item.path)).catch((error) => {
      if (error.code === "ENOENT") return undefined; // Retention was quicker.
      throw error;
    });
    if (content === undefined) return undefined;
    const { sha256, bytes } = content;
    const name = item.name.endsWith("-") ? `${item.name}${sha256.slice(0, 16)}` : item.name;
    try {
      const did = await this.#target.store(`${origin}/${name}`, content, this.#stopped.signal);
      this.#differs.delete(name);
      this.#done.set(item.path, { version: item.version, bytes });
      return did === "stored" ? { name, sha256 } : undefined;
    } catch (error) {
      if (!(error instanceof Differs)) throw error;
      // The others go on. It is looked at again after a start.
      this.#done.set(item.path, { version: item.version, bytes: 0 });
      await this.#raise(name, error.message);
      return undefined;
    } finally {
      await content.close();
    }
  }

  #complain(error: unknown): void {
    const text =
      error instanceof OffloadError
        ? error.message
        : "The log could not be copied; the agent's journal says why.";
    if (text !== this.#trouble) {
      this.#options.log("warning", "offload", { text, error: explain(error) });
    }
    this.#trouble = text;
    this.#behindSince ??= this.#now();
  }

  #late(): OffloadAlarm | undefined {
    const since = this.#behindSince;
    if (since === undefined || this.#now() - since < lateMs) return undefined;
    const text = `Nothing could be copied to ${this.#target.name} for more than an hour. ${this.#trouble}`;
    const todo = "Do what the sentence says; until then the log is on this node only.";
    return { kind: "offload.late", since: new Date(since).toISOString(), text, todo };
  }

  async #raise(name: string, text: string): Promise<void> {
    const todo =
      "Keep both. Verify the log and the copies: one of them was changed, and the lock or the witnesses tell which.";
    const since = new Date(this.#now()).toISOString();
    this.#differs.set(name, { kind: "offload.differs", since, text, todo });
    this.#options.log("error", "offload", { text });
    await this.#append("audit.OffloadAlarm", "failure", { kind: "offload.differs", name }, text);
  }

  async #record(told: readonly Told[]): Promise<void> {
    for (let i = 0; i < told.length; i += mostTold) {
      const files = Object.fromEntries(
        told.slice(i, i + mostTold).map(({ name, sha256 }) => [name, sha256]),
      );
      await this.#append("audit.Offloaded", "success", { target: this.#target.name, files });
    }
    const late = this.#late();
    if (late === undefined || this.#lateTold) return;
    this.#lateTold = true;
    const { kind, since } = late;
    await this.#append("audit.OffloadAlarm", "failure", { kind, since }, late.text);
  }

  /** A full disk must not stop the copies, which are what helps then. */
  async #append(
    action: string,
    outcome: "success" | "failure",
    details: Record<string, unknown>,
    error?: string,
  ): Promise<void> {
    const uid = process.getuid?.() ?? 0;
    const event = { action, outcome, source: "log", actor: "agent", uid, details, error } as const;
    try {
      await this.#options.audit.append(event);
    } catch (failure) {
      const facts = { action, error: explain(failure) };
      this.#options.log("error", "what was copied is not on record", facts);
    }
  }
}

/** @returns undefined while the log has no key yet. @throws OffloadError */
async function originOf(directory: string): Promise<string | undefined> {
  const text = await readIfThere(join(directory, "log.json"));
  if (text === undefined) return undefined;
  const origin = /"origin":"([A-Za-z0-9._/-]+)"/.exec(text)?.[1];
  if (origin !== undefined && !origin.split("/").some((part) => /^\.*$/.test(part))) return origin;
  throw new OffloadError("log.json of the audit log names no origin; put it back from a copy.");
}

async function checkpointSize(directory: string): Promise<number | undefined> {
  const text = await readIfThere(join(directory, "checkpoint"));
  if (text === undefined) return undefined;
  try {
    return parseCheckpoint(parseNote(text).text).size;
  } catch (error) {
    if (error instanceof NoteError) throw new OffloadError(`The checkpoint: ${error.message}`);
    throw error;
  }
}

async function readIfThere(file: string): Promise<string | undefined> {
  try {
    return await readFile(file, "utf8");
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "ENOENT") return undefined;
    throw error;
  }
}
