/** Entries by index, for the length of one request; neighbours share the work. */
import type { AuditEntry } from "../entry.ts";
import { bundleEvents } from "../segments/format.ts";
import { DamagedLog, type LogReader, type PlainEvent } from "../segments/reader.ts";
import { parsed } from "./fields.ts";

const mostBundles = 8;

export class Entries {
  readonly #reader: LogReader;
  readonly #bundles = new Map<number, PlainEvent[]>();

  constructor(reader: LogReader) {
    this.#reader = reader;
  }

  /** @returns undefined for an event that cannot be read. */
  at(index: number): { entry: AuditEntry; payload: Buffer } | undefined {
    const events = this.#bundle(Math.floor(index / bundleEvents));
    const event = events[index - (events[0]?.index ?? 0)];
    const members = event === undefined ? undefined : parsed(event.payload);
    if (event === undefined || members === undefined) return undefined;
    return { entry: { sequence: index + 1, ...members } as AuditEntry, payload: event.payload };
  }

  #bundle(bundle: number): PlainEvent[] {
    const known = this.#bundles.get(bundle);
    if (known !== undefined) return known;
    const events = this.#read(bundle);
    const [oldest] = this.#bundles.keys();
    if (this.#bundles.size >= mostBundles && oldest !== undefined) this.#bundles.delete(oldest);
    this.#bundles.set(bundle, events);
    return events;
  }

  #read(bundle: number): PlainEvent[] {
    try {
      return this.#reader.payloads(bundle * bundleEvents, bundleEvents);
    } catch (error) {
      if (error instanceof DamagedLog) return [];
      throw error;
    }
  }
}
