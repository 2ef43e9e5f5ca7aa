/** Counts by number, without an object for each: a month has millions of actors' rows. */

export interface Counted {
  key: number;
  count: number;
  /** Index of an event that has it, where its name can be read. */
  sample: number;
}

const vacant = -1;
const keyRange = 2 ** 48;
const initial = 65_536;

export class Counter {
  #keys = new Float64Array(initial).fill(vacant);
  #counts = new Uint32Array(initial);
  #samples = new Float64Array(initial);
  #used = 0;

  /**
   * @param keys 48 bits of a hash each; quickest when they ascend
   * @param counts how often each occurs
   * @param samples places of events that have them, counted from `first`
   */
  add(keys: Float64Array, counts: Uint32Array, samples: Uint16Array, first: number): void {
    while (this.#used + keys.length > this.#keys.length / 2) this.#grow();
    const [held, sums] = [this.#keys, this.#counts];
    for (let k = 0; k < keys.length; k++) {
      const count = counts[k] as number;
      if (count === 0) continue;
      const key = keys[k] as number;
      const at = placeOf(held, key);
      if (held[at] === vacant) {
        held[at] = key;
        this.#samples[at] = first + (samples[k] as number);
        this.#used++;
      }
      (sums[at] as number) += count;
    }
  }

  /** @returns the most frequent, most frequent first. */
  top(most: number): Counted[] {
    // What is at least as frequent as the last that is wanted, found without ordering the rest.
    const counts = this.#counts.filter((count) => count > 0).sort();
    const least = counts[Math.max(0, counts.length - most)] ?? 0;
    const found: Counted[] = [];
    for (let at = 0; at < this.#keys.length; at++) {
      const count = this.#counts[at] as number;
      if (count === 0 || count < least) continue;
      found.push({ key: this.#keys[at] as number, count, sample: this.#samples[at] as number });
    }
    return found.sort((a, b) => b.count - a.count).slice(0, most);
  }

  #grow(): void {
    const [keys, counts, samples] = [this.#keys, this.#counts, this.#samples];
    const length = 2 * keys.length;
    this.#keys = new Float64Array(length).fill(vacant);
    this.#counts = new Uint32Array(length);
    this.#samples = new Float64Array(length);
    for (let i = 0; i < keys.length; i++) {
      const key = keys[i] as number;
      if (key === vacant) continue;
      const at = placeOf(this.#keys, key);
      this.#keys[at] = key;
      this.#counts[at] = counts[i] as number;
      this.#samples[at] = samples[i] as number;
    }
  }
}

/** By the upper bits, so that keys that come in order are looked up in order. */
function placeOf(keys: Float64Array, key: number): number {
  const mask = keys.length - 1;
  let at = Math.floor(key * (keys.length / keyRange));
  for (;;) {
    const found = keys[at];
    if (found === key || found === vacant) return at;
    at = (at + 1) & mask;
  }
}
