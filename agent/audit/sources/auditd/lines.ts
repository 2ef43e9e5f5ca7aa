/** Cuts a stream of bytes into lines, at bounded memory. */

const newline = 10;

export class Lines {
  readonly #most: number;
  #rest: Buffer[] = [];
  #bytes = 0;
  #skipping = false;
  /** Lines that were longer than allowed. */
  dropped = 0;

  constructor(most: number) {
    this.#most = most;
  }

  /** Bytes of a line that is not complete yet. */
  get pending(): number {
    return this.#bytes;
  }

  /** @returns the lines that are complete now */
  push(chunk: Buffer): string[] {
    const end = chunk.lastIndexOf(newline);
    if (end < 0) {
      this.#keep(chunk);
      return [];
    }
    const head = chunk.subarray(0, end);
    const whole = this.#bytes === 0 ? head : Buffer.concat([...this.#rest, head]);
    const text = whole.toString("utf8");
    this.#rest = [];
    this.#bytes = 0;
    const lines = text.split("\n");
    if (this.#skipping) {
      lines.shift();
      this.#skipping = false;
    }
    this.#keep(chunk.subarray(end + 1));
    const fit = lines.filter(({ length }) => length <= this.#most);
    this.dropped += lines.length - fit.length;
    return fit;
  }

  /** Forgets the beginning of a line that will not go on. */
  reset(): void {
    this.#rest = [];
    this.#bytes = 0;
    this.#skipping = false;
  }

  #keep(chunk: Buffer): void {
    if (chunk.length === 0 || this.#skipping) return;
    this.#rest.push(chunk);
    this.#bytes += chunk.length;
    if (this.#bytes <= this.#most) return;
    this.reset();
    this.#skipping = true;
    this.dropped += 1;
  }
}
