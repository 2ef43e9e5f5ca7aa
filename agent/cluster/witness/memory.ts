/**
 * What this node has last seen of the others' logs, kept in its own audit log: nobody else can set
 * that back. It goes on record when a log is seen for the first time, every ten minutes while there is
 * news, and when the agent stops; an agent that is killed forgets ten minutes at most. Seldom enough
 * that logs which grow by nothing but such records do not keep each other busy.
 */
import type { AuditEntry } from "../../audit/entry.ts";
import type { AuditWriter } from "../../audit/types.ts";
import { explain, type Log } from "../../log.ts";
import { isMemberName } from "../members/names.ts";
import { type Seen, seenOf } from "./judge.ts";

export const witnessedAction = "cluster.Witnessed";

const recordMs = 10 * 60_000;
/** Logs in one event, which has at most 16 KiB. */
const perEvent = 25;
/** Of events that are read at the start. */
export const mostEvents = 40;

export interface MemoryParts {
  audit: AuditWriter;
  log: Log;
  /** In milliseconds, never backwards. */
  now?: () => number;
}

export class Memory {
  readonly #parts: MemoryParts;
  readonly #now: () => number;
  readonly #seen = new Map<string, Seen>();
  /** Those of which something newer was seen than is on record. */
  readonly #news = new Set<string>();
  #recordedAt = Number.NEGATIVE_INFINITY;

  constructor(parts: MemoryParts) {
    this.#parts = parts;
    this.#now = parts.now ?? (() => performance.now());
  }

  /** @param entries of {@link witnessedAction}, newest first */
  restore(entries: readonly AuditEntry[]): void {
    for (const { details } of entries) {
      for (const [node, value] of Object.entries((details?.logs ?? {}) as object)) {
        if (this.#seen.has(node) || !isMemberName(node)) continue;
        const { vkey, checkpoint } = value as Record<string, unknown>;
        const seen = seenOf(String(vkey), String(checkpoint));
        if (seen !== undefined) this.#seen.set(node, seen);
      }
    }
    this.#recordedAt = this.#now();
  }

  get(node: string): Seen | undefined {
    return this.#seen.get(node);
  }

  /** @returns the other node whose log that is; undefined where it is nobody else's */
  ownerOf(vkey: string, except: string): string | undefined {
    for (const [node, seen] of this.#seen) if (seen.vkey === vkey && node !== except) return node;
    return undefined;
  }

  entries(): IterableIterator<[string, Seen]> {
    return this.#seen.entries();
  }

  set(node: string, seen: Seen): void {
    const before = this.#seen.get(node);
    if (before?.size === seen.size) return;
    this.#seen.set(node, seen);
    this.#news.add(node);
    if (before === undefined) this.#recordedAt = Number.NEGATIVE_INFINITY;
  }

  /** What was seen of it does not count any more. */
  forget(node: string): void {
    this.#seen.delete(node);
    this.#news.delete(node);
  }

  /** Puts news on record when it is time. @param now whatever the time is */
  async record(now = false): Promise<void> {
    if (this.#news.size === 0 || (!now && this.#now() - this.#recordedAt < recordMs)) return;
    this.#recordedAt = this.#now();
    const nodes = [...this.#news].sort();
    this.#news.clear();
    for (let at = 0; at < nodes.length; at += perEvent) {
      const logs = nodes.slice(at, at + perEvent).flatMap((node) => {
        const seen = this.#seen.get(node);
        return seen === undefined ? [] : [[node, { vkey: seen.vkey, checkpoint: seen.note }]];
      });
      await this.#append(Object.fromEntries(logs));
    }
  }

  async #append(logs: Record<string, unknown>): Promise<void> {
    const { audit, log } = this.#parts;
    const self = { actor: "agent", uid: process.getuid?.() ?? 0, pid: process.pid };
    try {
      await audit.append({ action: witnessedAction, outcome: "note", ...self, details: { logs } });
    } catch (error) {
      for (const node of Object.keys(logs)) this.#news.add(node);
      log("error", "what was seen of other nodes' logs is not on record", {
        error: explain(error),
      });
    }
  }
}
