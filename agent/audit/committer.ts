/**
 * Group commit: events that wait at the same time share one trip to the disk, in the order in
 * which they came. Those that need only be written are acknowledged before it, and are kept in
 * memory until they are durable: a failure of what comes later must not take them along.
 */
import { explain, type Log } from "../log.ts";
import type { Torn } from "./segments/recovery.ts";
import type { Head, SegmentWriter } from "./segments/writer.ts";

/** Written events that wait for the disk, in bytes, before they get a trip of their own. */
const mostUnsynced = 4 * 1024 * 1024;
/** What one commit holds, in bytes. */
const mostAtOnce = 1024 * 1024;

export interface Waiting {
  payload: Buffer;
  /** False where it is enough that it is written. */
  durable: boolean;
}

/** `full`: there is no space on the disk. */
export type Refusal = "full" | "broken";

/** The next events of those that wait are on record from index `first`, or refused. */
export type Answer = { done: number; first: number } | { refused: number; why: Refusal };

export interface CommitterOptions {
  writer: SegmentWriter;
  answer: (answer: Answer) => void;
  /** @returns the payload of the event that tells of a failure or of a torn end. */
  recovered: (details: Record<string, unknown>) => Buffer;
  log: Log;
}

export class Committer {
  readonly #options: CommitterOptions;
  /** Payloads that were acknowledged as written, and the index of the first. */
  #unsynced: Buffer[] = [];
  #unsyncedBytes = 0;
  #unsyncedFirst = 0;
  #failures = 0;
  #failure = "";
  #torn: Torn | undefined;

  constructor(options: CommitterOptions) {
    this.#options = options;
  }

  /** Opens the log; what a crash left is cut off and put on record. */
  open(): void {
    const { writer, log } = this.#options;
    this.#torn = writer.open();
    if (this.#torn === undefined) return;
    log("warning", "the audit log ended in a torn frame; it was cut off", this.#torn);
    this.settle();
  }

  /** Whether something waits for `settle`. */
  get unsettled(): boolean {
    return this.#unsynced.length > 0 || this.failing || this.#torn !== undefined;
  }

  get failing(): boolean {
    return this.#failures > 0;
  }

  /** @param waiting oldest first; the answers come in the same order */
  commit(waiting: readonly Waiting[]): void {
    for (let from = 0; from < waiting.length; ) {
      from += this.#commitSome(waiting, from);
    }
    if (this.#unsyncedBytes > mostUnsynced) this.settle();
  }

  /** Brings to the disk what is only written, and what is to be told of failures. */
  settle(): void {
    try {
      this.#prepare();
      const notes = this.#notes();
      if (notes.length > 0) this.#options.writer.append(notes);
      this.#sync();
      this.#told(notes);
    } catch (error) {
      this.#failed(error);
    }
  }

  /** An event of the log about itself, that nobody waits for. @throws when it is not on the disk. */
  record(payload: Buffer): void {
    try {
      this.#prepare();
      const notes = this.#notes();
      this.#options.writer.appendBatch([...notes, payload]);
      this.#sync();
      this.#told(notes);
    } catch (error) {
      this.#failed(error);
      throw error;
    }
  }

  /** @throws when what is written cannot be brought to the disk. */
  head(): Head {
    this.settle();
    if (this.unsettled) throw new Error("the audit log cannot be written at the moment");
    return this.#options.writer.head();
  }

  /** @returns how many of those that wait have their answer now. */
  #commitSome(waiting: readonly Waiting[], from: number): number {
    const { answer, writer } = this.#options;
    let payloads: Buffer[] = [];
    try {
      this.#prepare();
      payloads = this.#share(waiting, from);
      // Together or not at all: each try on a full disk would leave a note of the one before.
      const notes = this.#notes().slice(0, writer.room - payloads.length);
      const all = notes.length === 0 ? payloads : [...notes, ...payloads];
      const first = writer.append(all);
      if (waiting[from]?.durable === true) this.#sync();
      else this.#remember(all, first);
      this.#told(notes);
      answer({ done: payloads.length, first: first + notes.length });
    } catch (error) {
      this.#failed(error);
      if (payloads.length === 0) payloads = this.#share(waiting, from);
      const { code } = error as NodeJS.ErrnoException;
      const full = code === "ENOSPC" || code === "EDQUOT" || code === "EFBIG";
      answer({ refused: payloads.length, why: full ? "full" : "broken" });
    }
    return payloads.length;
  }

  /**
   * @returns payloads that can share a trip: a written one behind a durable one goes with it, one
   *   before is acknowledged earlier.
   */
  #share(waiting: readonly Waiting[], from: number): Buffer[] {
    const { room } = this.#options.writer;
    const payloads: Buffer[] = [];
    let bytes = 0;
    for (let i = from; i < waiting.length && payloads.length < room; i++) {
      const { payload, durable } = waiting[i] as Waiting;
      if (durable && waiting[from]?.durable === false) break;
      if (bytes > 0 && bytes + payload.length > mostAtOnce) break;
      payloads.push(payload);
      bytes += payload.length;
    }
    return payloads;
  }

  #remember(payloads: readonly Buffer[], first: number): void {
    if (this.#unsynced.length === 0) this.#unsyncedFirst = first;
    for (const payload of payloads) {
      this.#unsynced.push(payload);
      this.#unsyncedBytes += payload.length;
    }
  }

  #sync(): void {
    this.#options.writer.sync();
    this.#unsynced = [];
    this.#unsyncedBytes = 0;
  }

  /** After a failure: looks at the file again, and puts back what no sync covered. */
  #prepare(): void {
    const { writer } = this.#options;
    if (writer.isOpen) return;
    const torn = writer.reopen();
    if (torn !== undefined) this.#torn = torn;
    if (this.#unsynced.length === 0) return;
    const kept = writer.size - this.#unsyncedFirst;
    if (kept < 0) throw new Error(`${-kept} events that were on the disk are missing there now`);
    for (let from = kept; from < this.#unsynced.length; ) {
      const part = this.#unsynced.slice(from, from + writer.room);
      writer.append(part);
      from += part.length;
    }
  }

  /** What is to be told of failures and of a torn end, none or one. */
  #notes(): Buffer[] {
    if (!this.failing && this.#torn === undefined) return [];
    const failed = this.failing ? { failures: this.#failures, error: this.#failure } : {};
    return [this.#options.recovered({ bytes: 0, ...this.#torn, ...failed })];
  }

  #told(notes: readonly Buffer[]): void {
    if (notes.length === 0) return;
    if (this.failing) this.#options.log("info", "the audit log can be written again");
    this.#failures = 0;
    this.#torn = undefined;
  }

  #failed(error: unknown): void {
    this.#failures += 1;
    this.#failure = (error as NodeJS.ErrnoException).code ?? "unknown";
    // Once for each streak: a full disk must not fill the journal too.
    if (this.#failures > 1) return;
    this.#options.log("error", "the audit log could not be written", { error: explain(error) });
  }
}
