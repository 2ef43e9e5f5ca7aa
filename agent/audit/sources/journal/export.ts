/**
 * The journal's export format (systemd.io/JOURNAL_EXPORT_FORMATS): fields as `NAME=value`, or for
 * values with line breaks and the like as `NAME`, the length in 8 bytes (little-endian) and the
 * bytes; an empty line ends an entry. Values are bytes that anybody may have written.
 */

/** Of each entry, the fields by name; of equal names the first. */
export type JournalEntry = ReadonlyMap<string, string>;

const newline = 10;
const equals = 61;

export class ExportParser {
  readonly #mostField: number;
  readonly #mostFields: number;
  #rest: Buffer = Buffer.alloc(0);
  #fields = new Map<string, string>();
  /** Bytes of a value that is too long, still to be passed over. */
  #skip = 0;
  /** Whether a text line that is too long is being passed over. */
  #skipLine = false;

  /** @param mostField longest value in bytes; longer ones are left out */
  constructor(mostField = 65_536, mostFields = 512) {
    this.#mostField = mostField;
    this.#mostFields = mostFields;
  }

  /** @returns the entries that are complete now */
  push(chunk: Buffer): JournalEntry[] {
    const entries: JournalEntry[] = [];
    let data = this.#rest.length === 0 ? chunk : Buffer.concat([this.#rest, chunk]);
    let at = 0;
    for (;;) {
      const next = this.#step(data, at, entries);
      if (next < 0) break;
      at = next;
    }
    data = data.subarray(at);
    // A copy, so that the rest of a large chunk is not kept alive by a few bytes of it.
    this.#rest = data.length === 0 ? data : Buffer.from(data);
    return entries;
  }

  /** @returns where to go on; -1 when more bytes are needed */
  #step(data: Buffer, at: number, entries: JournalEntry[]): number {
    if (at >= data.length) return -1;
    if (this.#skip > 0) {
      const passed = Math.min(this.#skip, data.length - at);
      this.#skip -= passed;
      return at + passed;
    }
    const end = data.indexOf(newline, at);
    if (this.#skipLine) {
      this.#skipLine = end < 0;
      return end < 0 ? data.length : end + 1;
    }
    if (end < 0) {
      if (data.length - at <= this.#mostField) return -1;
      this.#skipLine = true;
      return data.length;
    }
    if (end === at) {
      if (this.#fields.size > 0) entries.push(this.#fields);
      this.#fields = new Map();
      return end + 1;
    }
    const sign = data.indexOf(equals, at);
    if (sign >= 0 && sign < end) {
      if (end - sign <= this.#mostField) this.#put(data, at, sign, sign + 1, end);
      return end + 1;
    }
    return this.#binary(data, at, end);
  }

  #binary(data: Buffer, at: number, end: number): number {
    const from = end + 1 + 8;
    if (data.length < from) return -1;
    const length = data.readBigUInt64LE(end + 1);
    if (length > BigInt(this.#mostField)) {
      // Longer than any journal holds is no length; what follows cannot be told then.
      if (length > 0xffffffffffffn)
        throw new Error("the journal's export has an impossible length");
      this.#skip = Number(length) + 1;
      return from;
    }
    const to = from + Number(length);
    if (data.length < to + 1) return -1;
    this.#put(data, at, end, from, to);
    return to + 1;
  }

  #put(data: Buffer, from: number, to: number, valueFrom: number, valueTo: number): void {
    const name = data.toString("latin1", from, to);
    if (this.#fields.has(name) || this.#fields.size >= this.#mostFields) return;
    this.#fields.set(name, data.toString("utf8", valueFrom, valueTo));
  }
}
