/** The real log on the test's own thread, so that a test decides when what is written. */
import { encodeEvent } from "../../agent/audit/event.ts";
import type { SealedLog } from "../../agent/audit/seal/types.ts";
import { SegmentWriter } from "../../agent/audit/segments/writer.ts";
import type { AuditEvent } from "../../agent/audit/types.ts";

export class WriterLog implements SealedLog {
  readonly events: AuditEvent[] = [];
  readonly #writer: SegmentWriter;
  readonly #listeners = new Set<(size: number) => void>();

  constructor(directory: string) {
    this.#writer = new SegmentWriter(directory);
    this.#writer.open();
  }

  get size(): number {
    return this.#writer.size;
  }

  async head() {
    return this.#writer.head();
  }

  async append(event: AuditEvent) {
    const { entry, payload } = encodeEvent(event, "test");
    const sequence = this.#writer.appendBatch([payload]) + 1;
    this.events.push(event);
    for (const listener of this.#listeners) listener(this.size);
    return { ...entry, sequence };
  }

  /** Appends an event of no interest. */
  async note(action = "test.Event"): Promise<void> {
    await this.append({ action, outcome: "note", actor: "test", uid: 0 });
  }

  actions(): string[] {
    return this.events.map(({ action }) => action);
  }

  onAppended(listener: (size: number) => void): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  close(): void {
    this.#writer.close();
  }
}
