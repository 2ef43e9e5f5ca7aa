/**
 * The list of placement groups straight from its bytes, in a third of the time that JSON.parse takes
 * and without its objects. It reads what Ceph prints; whatever else JSON allows (escapes, fractions, a
 * member twice or of another name) it leaves to whoever takes JSON apart, so that it is never more
 * lenient than that.
 */
import { PgTable } from "./pg-table.ts";

/** The text has another form, though it may be JSON. */
class Other extends Error {}

const quote = 0x22;
const comma = 0x2c;
const minus = 0x2d;
const dot = 0x2e;
const zero = 0x30;
const nine = 0x39;
const colon = 0x3a;
const openList = 0x5b;
const backslash = 0x5c;
const closeList = 0x5d;
const openObject = 0x7b;
const closeObject = 0x7d;
const greatest = 2_147_483_647;

/** @returns undefined where it has another form */
export function scanPgs(bytes: Uint8Array): { ready: boolean; table: PgTable } | undefined {
  try {
    return new Scanner(bytes).dump();
  } catch (error) {
    if (error instanceof Other) return undefined;
    throw error;
  }
}

class Scanner {
  readonly #bytes: Uint8Array;
  readonly #table = new PgTable();
  #at = 0;
  #pool = 0;
  #seed = 0;
  /** Of the group before this one, which nearly always has the same. */
  #stateFrom = 0;
  #stateLength = -1;
  #state = 0;

  constructor(bytes: Uint8Array) {
    this.#bytes = bytes;
  }

  dump(): { ready: boolean; table: PgTable } {
    let ready: boolean | undefined;
    let listed = false;
    this.#take(openObject);
    do {
      const name = this.#name();
      if (name === "pg_ready" && ready === undefined) ready = this.#truth();
      else if (name === "pg_stats" && !listed) {
        listed = true;
        this.#groups();
      } else throw new Other();
    } while (this.#more(closeObject));
    this.#space();
    if (this.#at < this.#bytes.length || ready === undefined || !listed) throw new Other();
    return { ready, table: this.#table };
  }

  #groups(): void {
    this.#take(openList);
    if (this.#next() === closeList) {
      this.#at++;
      return;
    }
    const up: number[] = [];
    const acting: number[] = [];
    do this.#group(up, acting);
    while (this.#more(closeList));
  }

  #group(up: number[], acting: number[]): void {
    let [state, upPrimary, actingPrimary] = [0, 0, 0];
    // Each member once, by its bit.
    let seen = 0;
    this.#take(openObject);
    do {
      const name = this.#name();
      let bit = 0;
      if (name === "pgid") {
        bit = 1;
        this.#pgid();
      } else if (name === "state") {
        bit = 2;
        state = this.#stateNumber();
      } else if (name === "up") {
        bit = 4;
        this.#osds(up);
      } else if (name === "acting") {
        bit = 8;
        this.#osds(acting);
      } else if (name === "up_primary") {
        bit = 16;
        upPrimary = this.#number();
      } else if (name === "acting_primary") {
        bit = 32;
        actingPrimary = this.#number();
      }
      if (bit === 0 || (seen & bit) !== 0) throw new Other();
      seen |= bit;
    } while (this.#more(closeObject));
    if (seen !== 63) throw new Other();
    const ups = up.length;
    for (let index = 0; index < acting.length; index++) up.push(acting[index] as number);
    this.#table.add(this.#pool, this.#seed, state, up, ups, upPrimary, actingPrimary);
  }

  /** A member's name and the colon behind it. */
  #name(): (typeof names)[number] {
    if (this.#next() !== quote) throw new Other();
    const from = ++this.#at;
    while (this.#bytes[this.#at] !== quote) {
      if (this.#at - from > 14) throw new Other();
      this.#at++;
    }
    const length = this.#at - from;
    this.#at++;
    this.#take(colon);
    for (let each = 0; each < names.length; each++) {
      const name = names[each] as (typeof names)[number];
      if (name.length === length && this.#says(from, name)) return name;
    }
    throw new Other();
  }

  #says(from: number, name: string): boolean {
    for (let index = 0; index < name.length; index++) {
      if (this.#bytes[from + index] !== name.charCodeAt(index)) return false;
    }
    return true;
  }

  #truth(): boolean {
    const first = this.#next();
    const word = first === 0x74 ? "true" : "false";
    if (!this.#says(this.#at, word)) throw new Other();
    this.#at += word.length;
    return word === "true";
  }

  /** As “12.3f”: a pool in decimal, a number in hexadecimal, both without zeros before them. */
  #pgid(): void {
    if (this.#next() !== quote) throw new Other();
    const bytes = this.#bytes;
    let at = this.#at + 1;
    const poolFrom = at;
    let pool = 0;
    for (; isDigit(bytes[at]); at++) pool = pool * 10 + (bytes[at] as number) - zero;
    const digits = at - poolFrom;
    const isPool = digits === 1 || (digits > 1 && digits < 16 && bytes[poolFrom] !== zero);
    if (!isPool || bytes[at] !== dot) throw new Other();
    const seedFrom = ++at;
    let seed = 0;
    for (let digit = hexOf(bytes[at]); digit >= 0; digit = hexOf(bytes[at])) {
      seed = seed * 16 + digit;
      at++;
    }
    const length = at - seedFrom;
    const isSeed = length === 1 || (length > 1 && length < 9 && bytes[seedFrom] !== zero);
    if (!isSeed || bytes[at] !== quote) throw new Other();
    this.#at = at + 1;
    this.#pool = pool;
    this.#seed = seed;
  }

  #stateNumber(): number {
    if (this.#next() !== quote) throw new Other();
    const bytes = this.#bytes;
    const from = this.#at + 1;
    const expected = from + this.#stateLength;
    if (this.#stateLength >= 0 && bytes[expected] === quote) {
      let same = true;
      for (let index = 0; same && index < this.#stateLength; index++) {
        same = bytes[from + index] === bytes[this.#stateFrom + index];
      }
      if (same) {
        this.#at = expected + 1;
        return this.#state;
      }
    }
    let at = from;
    for (let byte = bytes[at]; byte !== quote; byte = bytes[++at]) {
      const plain = byte !== undefined && byte >= 0x20 && byte < 0x7f && byte !== backslash;
      if (!plain) throw new Other();
    }
    this.#stateFrom = from;
    this.#stateLength = at - from;
    const state = Buffer.from(bytes.buffer, bytes.byteOffset + from, at - from).toString("latin1");
    this.#state = this.#table.stateNumber(state);
    this.#at = at + 1;
    return this.#state;
  }

  #osds(into: number[]): void {
    into.length = 0;
    this.#take(openList);
    if (this.#next() === closeList) {
      this.#at++;
      return;
    }
    do into.push(this.#number());
    while (this.#more(closeList));
  }

  #number(): number {
    const below = this.#next() === minus;
    if (below) this.#at++;
    const from = this.#at;
    let value = 0;
    for (let byte = this.#bytes[this.#at]; isDigit(byte); byte = this.#bytes[++this.#at]) {
      value = value * 10 + (byte as number) - zero;
    }
    const digits = this.#at - from;
    const isPlain = digits === 1 || (digits > 1 && digits < 11 && this.#bytes[from] !== zero);
    if (!isPlain || value > greatest || (below && value === 0)) throw new Other();
    // What comes next is looked at by whoever wants it: a fraction or an exponent is no comma.
    return below ? -value : value;
  }

  /** Takes a comma, or the end. */
  #more(end: number): boolean {
    const byte = this.#next();
    this.#at++;
    if (byte !== comma && byte !== end) throw new Other();
    return byte === comma;
  }

  #take(wanted: number): void {
    if (this.#next() !== wanted) throw new Other();
    this.#at++;
  }

  #next(): number | undefined {
    const byte = this.#bytes[this.#at];
    if (byte !== undefined && byte > 0x20) return byte;
    this.#space();
    return this.#bytes[this.#at];
  }

  #space(): void {
    for (let byte = this.#bytes[this.#at]; ; byte = this.#bytes[++this.#at]) {
      if (byte !== 0x20 && byte !== 0x0a && byte !== 0x0d && byte !== 0x09) return;
    }
  }
}

const names = [
  "pgid",
  "state",
  "up",
  "acting",
  "up_primary",
  "acting_primary",
  "pg_ready",
  "pg_stats",
] as const;

function isDigit(byte: number | undefined): boolean {
  return byte !== undefined && byte >= zero && byte <= nine;
}

function hexOf(byte: number | undefined): number {
  if (byte === undefined) return -1;
  if (byte >= zero && byte <= nine) return byte - zero;
  return byte >= 0x61 && byte <= 0x66 ? byte - 0x57 : -1;
}
