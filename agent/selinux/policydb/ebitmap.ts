/**
 * An extensible bitmap as it stands in the file: nodes of 64 bits in rising order, each a 32-bit
 * start and a 64-bit map. It stays in the file's bytes and is unpacked only when it is read.
 */
export class Ebitmap {
  static readonly unit = 64;
  static readonly nodeBytes = 12;

  readonly #bytes: Buffer;
  readonly #at: number;
  readonly #nodes: number;

  /** @param at where the first node begins; all nodes have been checked by the cursor */
  constructor(bytes: Buffer, at: number, nodes: number) {
    this.#bytes = bytes;
    this.#at = at;
    this.#nodes = nodes;
  }

  /** Calls back for every bit that is set, in rising order. */
  each(visit: (bit: number) => void): void {
    let at = this.#at;
    for (let node = 0; node < this.#nodes; node++, at += Ebitmap.nodeBytes) {
      const start = this.#bytes.readUInt32LE(at);
      visitWord(this.#bytes.readUInt32LE(at + 4), start, visit);
      visitWord(this.#bytes.readUInt32LE(at + 8), start + 32, visit);
    }
  }

  /** The bits that are set, in rising order. */
  bits(): number[] {
    const bits: number[] = [];
    this.each((bit) => {
      bits.push(bit);
    });
    return bits;
  }

  has(bit: number): boolean {
    let low = 0;
    let high = this.#nodes - 1;
    while (low <= high) {
      const middle = (low + high) >> 1;
      const at = this.#at + middle * Ebitmap.nodeBytes;
      const start = this.#bytes.readUInt32LE(at);
      if (bit < start) high = middle - 1;
      else if (bit >= start + Ebitmap.unit) low = middle + 1;
      else {
        const inside = bit - start;
        const word = this.#bytes.readUInt32LE(at + (inside < 32 ? 4 : 8));
        return ((word >>> (inside & 31)) & 1) === 1;
      }
    }
    return false;
  }

  /** The highest bit that is set, or -1 when none is. */
  get highest(): number {
    if (this.#nodes === 0) return -1;
    const at = this.#at + (this.#nodes - 1) * Ebitmap.nodeBytes;
    const start = this.#bytes.readUInt32LE(at);
    const upper = this.#bytes.readUInt32LE(at + 8);
    if (upper !== 0) return start + 63 - Math.clz32(upper);
    return start + 31 - Math.clz32(this.#bytes.readUInt32LE(at + 4));
  }

  get empty(): boolean {
    return this.#nodes === 0;
  }
}

function visitWord(word: number, start: number, visit: (bit: number) => void): void {
  for (let rest = word; rest !== 0; ) {
    const lowest = rest & -rest;
    visit(start + 31 - Math.clz32(lowest));
    rest ^= lowest;
  }
}
