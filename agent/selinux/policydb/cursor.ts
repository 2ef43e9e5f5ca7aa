import { Ebitmap } from "./ebitmap.ts";
import { PolicyError } from "./error.ts";

const maxName = 4096;

/**
 * Reads little-endian values one after the other, never past the end. Every count is checked
 * against the bytes that are left before anything is allocated for it, so that memory stays in
 * proportion to the file.
 */
export class Cursor {
  readonly bytes: Buffer;
  at = 0;

  constructor(bytes: Buffer) {
    this.bytes = bytes;
  }

  get left(): number {
    return this.bytes.length - this.at;
  }

  /** @throws PolicyError with the place where the last value began */
  fail(reason: string, at = this.at): never {
    throw new PolicyError(at, reason);
  }

  skip(length: number, what: string): void {
    if (length > this.left) this.fail(`it ends inside ${what}`);
    this.at += length;
  }

  u8(what: string): number {
    const at = this.at;
    this.skip(1, what);
    return this.bytes.readUInt8(at);
  }

  u16(what: string): number {
    const at = this.at;
    this.skip(2, what);
    return this.bytes.readUInt16LE(at);
  }

  u32(what: string): number {
    const at = this.at;
    this.skip(4, what);
    return this.bytes.readUInt32LE(at);
  }

  /** How many elements follow, each of at least `size` bytes. */
  count(size: number, what: string): number {
    const at = this.at;
    const count = this.u32(what);
    if (count > this.left / size) this.fail(`${count} ${what} do not fit in what is left`, at);
    return count;
  }

  /** An id between 1 and `max`. */
  id(max: number, what: string): number {
    const at = this.at;
    const id = this.u32(what);
    if (id === 0 || id > max) this.fail(`${id} is not a known ${what}`, at);
    return id;
  }

  /** A text whose length stood before it; of bytes that can be shown. */
  text(length: number, what: string): string {
    const at = this.at;
    if (length > maxName) this.fail(`a ${what} of ${length} bytes is too long`);
    this.skip(length, what);
    const text = this.bytes.toString("latin1", at, this.at);
    if (hasControl(text)) this.fail(`a ${what} holds an unprintable character`, at);
    return text;
  }

  /** A name: as `text`, and not empty. */
  name(length: number, what: string): string {
    if (length === 0) this.fail(`a ${what} is empty`);
    return this.text(length, what);
  }

  ebitmap(what: string): Ebitmap {
    const at = this.at;
    const unit = this.u32(what);
    const high = this.u32(what);
    const count = this.count(Ebitmap.nodeBytes, `nodes of ${what}`);
    if (unit !== Ebitmap.unit) this.fail(`${what} has units of ${unit} bits instead of 64`, at);
    if ((high === 0) !== (count === 0)) this.fail(`the end of ${what} is not where it says`, at);
    const bitmap = new Ebitmap(this.bytes, this.at, count);
    let next = 0;
    for (let index = 0; index < count; index++) {
      const start = this.u32(what);
      if (start % Ebitmap.unit !== 0 || start < next || start + Ebitmap.unit > high)
        this.fail(`bit ${start} of ${what} is out of order`, this.at - 4);
      next = start + Ebitmap.unit;
      if (this.u32(what) === 0 && this.bytes.readUInt32LE(this.at) === 0)
        this.fail(`${what} has an empty node`, this.at - 4);
      this.at += 4;
    }
    return bitmap;
  }
}

function hasControl(text: string): boolean {
  for (let index = 0; index < text.length; index++) {
    const code = text.charCodeAt(index);
    if (code < 32 || code === 127) return true;
  }
  return false;
}
