/** Takes what the helper writes apart: a line of JSON, then as many bytes as it says. */
import * as v from "valibot";

const headerSchema = v.object({
  id: v.pipe(v.number(), v.integer(), v.minValue(0)),
  bytes: v.pipe(v.number(), v.integer(), v.minValue(0)),
  ret: v.optional(v.number(), 0),
  words: v.optional(v.string(), ""),
  event: v.optional(v.picklist(["connected", "refused", "missing"])),
  fsid: v.optional(v.string(), ""),
});
export type Header = v.InferOutput<typeof headerSchema>;

/** Longest line; the words of an error have 2,000 characters at most. */
const mostHeader = 64 * 1024;
const newline = 10;

interface Open {
  header: Header;
  payload: Buffer;
  filled: number;
}

export class Frames {
  readonly #mostBytes: number;
  readonly #told: (header: Header, payload: Buffer) => void;
  /** Of a line that is not whole yet. */
  #line: Buffer = Buffer.alloc(0);
  /** Of an answer: each piece is copied once, to where it stays. */
  #open: Open | undefined;

  /** @param mostBytes of an answer */
  constructor(mostBytes: number, told: (header: Header, payload: Buffer) => void) {
    this.#mostBytes = mostBytes;
    this.#told = told;
  }

  /** @throws Error when it is no frame of ours */
  push(chunk: Buffer): void {
    let rest = chunk;
    while (rest.length > 0)
      rest = this.#open === undefined ? this.#head(rest) : this.#body(this.#open, rest);
  }

  /** @returns what comes after it */
  #head(chunk: Buffer): Buffer {
    const end = chunk.indexOf(newline);
    const piece = end < 0 ? chunk : chunk.subarray(0, end);
    this.#line = Buffer.concat([this.#line, piece]);
    if (this.#line.length > mostHeader) throw new Error("a line of the helper does not end");
    if (end < 0) return chunk.subarray(chunk.length);
    const header = v.parse(headerSchema, JSON.parse(this.#line.toString("utf8")));
    this.#line = Buffer.alloc(0);
    if (header.bytes > this.#mostBytes) throw new Error("an answer is larger than was asked for");
    if (header.bytes === 0) this.#told(header, Buffer.alloc(0));
    // Memory of its own, which can be handed to a thread.
    else this.#open = { header, payload: Buffer.allocUnsafeSlow(header.bytes), filled: 0 };
    return chunk.subarray(end + 1);
  }

  #body(open: Open, chunk: Buffer): Buffer {
    const copied = chunk.copy(open.payload, open.filled);
    open.filled += copied;
    if (open.filled === open.payload.length) {
      this.#open = undefined;
      this.#told(open.header, open.payload);
    }
    return chunk.subarray(copied);
  }
}
