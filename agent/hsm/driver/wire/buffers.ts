/** Bytes written and read in order: the least that a message needs. Numbers are big-endian. */

/** Not a message of ours: the peer is not trusted, so whoever sees this ends the connection. */
export class WireError extends Error {
  override readonly name = "WireError";
}

const firstSize = 2048;

/** Grows as it is written to; `take` gives what was written and begins anew. */
export class Writer {
  #buffer = Buffer.allocUnsafe(firstSize);
  #at = 0;

  get length(): number {
    return this.#at;
  }

  #room(more: number): void {
    if (this.#at + more <= this.#buffer.length) return;
    const larger = Buffer.allocUnsafe(Math.max(this.#buffer.length * 2, this.#at + more));
    this.#buffer.copy(larger, 0, 0, this.#at);
    this.#buffer.fill(0);
    this.#buffer = larger;
  }

  byte(value: number): void {
    this.#room(1);
    this.#buffer[this.#at++] = value;
  }

  word(value: number): void {
    this.#room(4);
    this.#at = this.#buffer.writeUInt32BE(value, this.#at);
  }

  double(value: number): void {
    this.#room(8);
    this.#at = this.#buffer.writeDoubleBE(value, this.#at);
  }

  /** With their length before them. */
  bytes(value: Uint8Array): void {
    this.#room(4 + value.length);
    this.#at = this.#buffer.writeUInt32BE(value.length, this.#at);
    this.#buffer.set(value, this.#at);
    this.#at += value.length;
  }

  text(value: string): void {
    const most = value.length * 3;
    this.#room(4 + most);
    const length = this.#buffer.write(value, this.#at + 4, most, "utf8");
    this.#buffer.writeUInt32BE(length, this.#at);
    this.#at += 4 + length;
  }

  /** Overwrites a word that was written before. */
  patch(at: number, value: number): void {
    this.#buffer.writeUInt32BE(value, at);
  }

  /** Forgets what was written from there on. */
  cut(at: number): void {
    this.#at = at;
  }

  take(): Buffer {
    const taken = this.#buffer.subarray(0, this.#at);
    this.#buffer = Buffer.allocUnsafe(firstSize);
    this.#at = 0;
    return taken;
  }
}

/** Reads one message; whatever goes beyond its end or a limit is refused. */
export class Reader {
  readonly #buffer: Buffer;
  #at: number;
  readonly #end: number;

  constructor(buffer: Buffer, at: number, end: number) {
    this.#buffer = buffer;
    this.#at = at;
    this.#end = end;
  }

  #step(length: number): number {
    const at = this.#at;
    if (at + length > this.#end) throw new WireError("a message ends too early");
    this.#at = at + length;
    return at;
  }

  byte(): number {
    return this.#buffer[this.#step(1)] as number;
  }

  word(): number {
    return this.#buffer.readUInt32BE(this.#step(4));
  }

  double(): number {
    return this.#buffer.readDoubleBE(this.#step(8));
  }

  /** @returns a copy, since what was received is wiped. */
  bytes(most: number): Buffer {
    const length = this.#length(most);
    const at = this.#step(length);
    return Buffer.from(this.#buffer.subarray(at, at + length));
  }

  text(most: number): string {
    const length = this.#length(most);
    const at = this.#step(length);
    return this.#buffer.toString("utf8", at, at + length);
  }

  #length(most: number): number {
    const length = this.word();
    if (length > most) throw new WireError(`a value has ${length} bytes, at most ${most} may be`);
    return length;
  }

  done(): void {
    if (this.#at !== this.#end) throw new WireError("a message goes on after its end");
  }
}
