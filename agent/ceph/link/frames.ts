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

export class Frames {
  readonly #mostBytes: number;
  readonly #told: (header: Header, payload: Buffer) => void;
  #chunks: Buffer[] = [];
  #length = 0;
  #header: Header | undefined;

  constructor(mostBytes: number, told: (header: Header, payload: Buffer) => void) {
    this.#mostBytes = mostBytes;
    this.#told = told;
  }

  /** @throws Error when it is no frame of ours */
  push(chunk: Buffer): void {
    this.#chunks.push(chunk);
    this.#length += chunk.length;
    while (this.#next());
  }

  #next(): boolean {
    if (this.#header === undefined) {
      const whole = this.#joined();
      const end = whole.indexOf(10);
      if (end < 0) {
        if (whole.length > mostHeader) throw new Error("a line of the helper does not end");
        return false;
      }
      const header = v.parse(headerSchema, JSON.parse(whole.toString("utf8", 0, end)));
      if (header.bytes > this.#mostBytes) throw new Error("an answer is larger than was asked for");
      this.#header = header;
      this.#rest(whole, end + 1);
    }
    const { bytes } = this.#header;
    // Joined once it is all there, and not for each of its pieces.
    if (this.#length < bytes) return false;
    const whole = this.#joined();
    const header = this.#header;
    this.#header = undefined;
    this.#rest(whole, bytes);
    // A copy: what is kept of it must not keep what came after it.
    this.#told(header, Buffer.from(whole.subarray(0, bytes)));
    return this.#length > 0;
  }

  #joined(): Buffer {
    const [first, second] = this.#chunks;
    if (first !== undefined && second === undefined) return first;
    const whole = Buffer.concat(this.#chunks);
    this.#chunks = [whole];
    return whole;
  }

  #rest(whole: Buffer, from: number): void {
    this.#chunks = [whole.subarray(from)];
    this.#length = whole.length - from;
  }
}
