/**
 * The audit log, first form: a file of canonical JSON lines, each with the SHA3-512 of the line
 * before, on disk before the act takes place. Callers that wait at the same time share one
 * fdatasync.
 */
import { hash } from "node:crypto";
import { writeSync } from "node:fs";
import { constants, type FileHandle, mkdir, open } from "node:fs/promises";
import { join } from "node:path";
import { DsecosError } from "../bus/errors.ts";
import { explain, type Log } from "../log.ts";
import { canonical } from "./canonical.ts";
import type { AuditEntry } from "./contract.ts";
import type { AuditEvent, AuditWriter, Until } from "./types.ts";

export const genesis = "0".repeat(128);
const maximumDetails = 16 * 1024;
/** How long an entry that is only written may wait for the disk, in milliseconds. */
const syncDelay = 50;
/** Longest line there can be: details, and names that the contracts bound. */
export const maximumLine = 64 * 1024;

interface Queued {
  event: AuditEvent;
  until: Until;
  resolve(entry: AuditEntry): void;
  reject(error: Error): void;
}

interface Tail {
  /** Bytes that are on disk and whole. */
  offset: number;
  sequence: number;
  head: string;
}

export function hashLine(line: string | Buffer): string {
  return hash("sha3-512", line, "hex");
}

export class AuditLog implements AuditWriter {
  readonly path: string;
  readonly #node: string;
  readonly #log: Log;
  #file: FileHandle | undefined;
  /** Where the next entry goes. */
  #tail: Tail = { offset: 0, sequence: 0, head: genesis };
  /** Up to here all is on disk; what lies behind is written only. */
  #durable: Tail = this.#tail;
  #syncTimer: NodeJS.Timeout | undefined;
  #queue: Queued[] = [];
  #flushing: Promise<void> | undefined;

  constructor(directory: string, node: string, log: Log) {
    this.path = join(directory, "audit.jsonl");
    this.#node = node;
    this.#log = log;
  }

  /** How far readers may read, in bytes. */
  get size(): number {
    return this.#tail.offset;
  }

  /** Opens the log and takes up the chain where it ends; what a crash tore off is put on record. */
  async open(): Promise<void> {
    await mkdir(join(this.path, ".."), { recursive: true, mode: 0o700 });
    const dropped = await this.#reopen();
    if (dropped === undefined) return;
    this.#log("warning", "the audit log ended in a torn line; it was cut off", dropped);
    await this.append({
      action: "audit.recovered",
      outcome: "note",
      actor: "agent",
      uid: process.getuid?.() ?? 0,
      details: dropped,
    });
  }

  append(event: AuditEvent, until: Until = "durable"): Promise<AuditEntry> {
    return new Promise((resolve, reject) => {
      this.#queue.push({ event, until, resolve, reject });
      this.#startFlush();
    });
  }

  #startFlush(): void {
    this.#flushing ??= this.#flush().finally(() => {
      this.#flushing = undefined;
      // What came in after the last look at the queue.
      if (this.#queue.length > 0) this.#startFlush();
    });
  }

  async close(): Promise<void> {
    await this.#flushing;
    clearTimeout(this.#syncTimer);
    if (this.#file !== undefined) await this.#sync(this.#file);
    await this.#file?.close();
    this.#file = undefined;
  }

  async #flush(): Promise<void> {
    while (this.#queue.length > 0) {
      const batch = this.#queue;
      this.#queue = [];
      await this.#write(batch);
    }
  }

  async #write(batch: Queued[]): Promise<void> {
    try {
      // First, since what is found there decides how the chain goes on.
      if (this.#file === undefined) await this.#reopen();
    } catch (cause) {
      await this.#refuse(batch, cause);
      return;
    }
    let tail = this.#tail;
    const lines: string[] = [];
    const accepted: [Queued, AuditEntry][] = [];
    for (const queued of batch) {
      try {
        const entry = this.#entry(queued.event, tail);
        const line = canonical(entry);
        lines.push(line);
        accepted.push([queued, entry]);
        const offset = tail.offset + Buffer.byteLength(line) + 1;
        tail = { offset, sequence: entry.sequence, head: hashLine(line) };
      } catch (error) {
        queued.reject(error instanceof Error ? error : new Error(String(error)));
      }
    }
    try {
      const file = this.#put(Buffer.from(lines.map((line) => `${line}\n`).join("")));
      this.#tail = tail;
      // A promise settles once: those that wait for durable are told below.
      for (const [queued, entry] of accepted) {
        if (queued.until === "written") queued.resolve(entry);
      }
      if (accepted.every(([queued]) => queued.until === "written")) {
        this.#syncSoon();
        return;
      }
      await this.#sync(file);
      for (const [queued, entry] of accepted) queued.resolve(entry);
    } catch (cause) {
      await this.#refuse(
        accepted.map(([queued]) => queued),
        cause,
      );
    }
  }

  async #sync(file: FileHandle): Promise<void> {
    clearTimeout(this.#syncTimer);
    this.#syncTimer = undefined;
    const tail = this.#tail;
    try {
      await file.datasync();
    } catch (error) {
      // What was only written may be gone from the page cache: the log ends where it is sure.
      this.#tail = this.#durable;
      throw error;
    }
    this.#durable = tail;
  }

  /** Outcomes share the next intent's trip to the disk, or go on their own shortly after. */
  #syncSoon(): void {
    this.#syncTimer ??= setTimeout(() => {
      this.#syncTimer = undefined;
      this.#flushing ??= this.#syncRest().finally(() => {
        this.#flushing = undefined;
        if (this.#queue.length > 0) this.#startFlush();
      });
    }, syncDelay);
  }

  async #syncRest(): Promise<void> {
    const file = this.#file;
    if (file === undefined || this.#durable.offset === this.#tail.offset) return;
    try {
      await this.#sync(file);
    } catch (cause) {
      await this.#abandon(cause);
    }
  }

  async #refuse(batch: Queued[], cause: unknown): Promise<void> {
    await this.#abandon(cause);
    const full = (cause as NodeJS.ErrnoException).code === "ENOSPC";
    const what = full
      ? `The disk of the audit log is full, so nothing was done; free space under ${this.path}.`
      : "The audit log cannot be written, so nothing was done; see the journal of dsecos-agent.";
    for (const queued of batch) queued.reject(new DsecosError("Unavailable", what, { cause }));
  }

  #entry(event: AuditEvent, tail: Tail): AuditEntry {
    const { details, ...rest } = event;
    return {
      source: "agent",
      loginuid: -1,
      pid: 0,
      label: "",
      ...Object.fromEntries(Object.entries(rest).filter(([, value]) => value !== undefined)),
      ...(details === undefined ? {} : { details: bounded(details) }),
      sequence: tail.sequence + 1,
      time: new Date().toISOString(),
      node: this.#node,
      previous: tail.head,
    } as unknown as AuditEntry;
  }

  /**
   * Writes at the known end, all of it, since a write may be short. This only copies to the page
   * cache, so it is not worth a trip to another thread.
   */
  #put(bytes: Buffer): FileHandle {
    const file = this.#file;
    if (file === undefined) throw new Error("the audit log is not open");
    let written = 0;
    while (written < bytes.length) {
      const position = this.#tail.offset + written;
      const count = writeSync(file.fd, bytes, written, bytes.length - written, position);
      if (count === 0) throw new Error("the disk took no bytes");
      written += count;
    }
    return file;
  }

  /**
   * After a failed write or fdatasync the page cache cannot be trusted: the file is closed, and
   * opened and read again before the next entry.
   */
  async #abandon(cause: unknown): Promise<void> {
    this.#log("error", "the audit log could not be written", { error: explain(cause) });
    const file = this.#file;
    this.#file = undefined;
    if (file === undefined) return;
    try {
      await file.truncate(this.#tail.offset);
    } catch (error) {
      this.#log("error", "the failed entries could not be cut off", { error: explain(error) });
    }
    try {
      await file.close();
    } catch (error) {
      this.#log("error", "the audit log could not be closed", { error: explain(error) });
    }
  }

  /** @returns what was torn off, if anything. */
  async #reopen(): Promise<{ bytes: number; hash: string } | undefined> {
    const flags = constants.O_RDWR | constants.O_CREAT | constants.O_NOFOLLOW;
    const file = await open(this.path, flags, 0o600);
    try {
      const { size } = await file.stat();
      const end = await lastNewline(file, size);
      let torn: { bytes: number; hash: string } | undefined;
      if (end < size) {
        const rest = Buffer.alloc(Math.min(size - end, maximumLine));
        await file.read(rest, 0, rest.length, end);
        torn = { bytes: size - end, hash: hashLine(rest) };
        await file.truncate(end);
        await file.datasync();
      }
      this.#tail = await readTail(file, end);
      // Entries may have been written only when the file was closed, or the agent killed.
      if (end > 0) await file.datasync();
      this.#durable = this.#tail;
      this.#file = file;
      return torn;
    } catch (error) {
      await file.close();
      throw error;
    }
  }
}

/** @returns the offset behind the last newline; what follows was never acknowledged. */
async function lastNewline(file: FileHandle, size: number): Promise<number> {
  const chunk = Buffer.alloc(64 * 1024);
  for (let end = size; end > 0; ) {
    const start = Math.max(0, end - chunk.length);
    await file.read(chunk, 0, end - start, start);
    const found = chunk.subarray(0, end - start).lastIndexOf(10);
    if (found >= 0) return start + found + 1;
    end = start;
  }
  return 0;
}

async function readTail(file: FileHandle, end: number): Promise<Tail> {
  if (end === 0) return { offset: 0, sequence: 0, head: genesis };
  const start = Math.max(0, end - 2 * maximumLine);
  const bytes = Buffer.alloc(end - start);
  await file.read(bytes, 0, bytes.length, start);
  const line = bytes.subarray(bytes.lastIndexOf(10, bytes.length - 2) + 1, bytes.length - 1);
  const { sequence } = JSON.parse(line.toString("utf8")) as AuditEntry;
  if (!Number.isSafeInteger(sequence)) throw new Error("the last audit entry has no sequence");
  return { offset: end, sequence, head: hashLine(line) };
}

/** Keeps an entry small: details beyond 16 KiB are represented by their hash and size. */
function bounded(details: Record<string, unknown>): Record<string, unknown> {
  const text = canonical(details);
  if (text.length <= maximumDetails) return details;
  return { omitted: hashLine(text), size: text.length };
}
