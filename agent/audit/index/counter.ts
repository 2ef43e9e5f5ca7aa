/** Counts by number, without an object for each: a month has millions of actors' rows. */

export interface Counted {
  key: number;
  count: number;
  /** One of the places where it was found. */
  place: number;
}

const initial = 1024;

/** Keys stand in order, so that others in order are found beside each other. */
export class Counter {
  /** Infinity behind the last one, so that looking ends there. */
  #keys = new Float64Array(initial).fill(Infinity);
  #counts = new Uint32Array(initial);
  #places = new Float64Array(initial);
  #used = 0;

  /**
   * @param keys ascending
   * @param counts how often each occurs
   * @param place where they were found
   */
  add(keys: Float64Array, counts: Uint32Array, place: number): void {
    const fresh = this.#addKnown(keys, counts);
    if (fresh.length > 0) this.#insert(keys, counts, fresh, place);
  }

  /** @returns the most frequent, most frequent first. */
  top(most: number): Counted[] {
    const best: number[] = [];
    const counts = this.#counts;
    let least = 0;
    for (let at = 0; at < this.#used; at++) {
      const count = counts[at] as number;
      if (count <= least) continue;
      let rank = Math.min(best.length, most - 1);
      while (rank > 0 && (counts[best[rank - 1] as number] as number) < count) rank--;
      best.splice(rank, 0, at);
      if (best.length > most) best.pop();
      if (best.length === most) least = counts[best[most - 1] as number] as number;
    }
    return best.map((at) => ({
      key: this.#keys[at] as number,
      count: counts[at] as number,
      place: this.#places[at] as number,
    }));
  }

  /** @returns places of the keys that occur and are not there yet. */
  #addKnown(keys: Float64Array, counts: Uint32Array): Uint16Array {
    const [held, sums, used] = [this.#keys, this.#counts, this.#used];
    const fresh = new Uint16Array(keys.length);
    let found = 0;
    let at = 0;
    for (let k = 0; k < keys.length; k++) {
      const count = counts[k] as number;
      if (count === 0) continue;
      const key = keys[k] as number;
      // Mostly it is the next one or the one behind it.
      if ((held[at] as number) < key && (held[++at] as number) < key) {
        at = placeFrom(held, at + 1, used, key);
      }
      if (held[at] === key) (sums[at++] as number) += count;
      else fresh[found++] = k;
    }
    return fresh.subarray(0, found);
  }

  /** Puts each new key in its place, the last ones first, so that what is there moves once. */
  #insert(keys: Float64Array, counts: Uint32Array, fresh: Uint16Array, place: number): void {
    let from = this.#used;
    let to = from + fresh.length;
    this.#reserve(to);
    this.#used = to;
    const [held, sums, places] = [this.#keys, this.#counts, this.#places];
    for (let f = fresh.length - 1; f >= 0; f--) {
      const k = fresh[f] as number;
      const key = keys[k] as number;
      for (; from > 0 && (held[from - 1] as number) > key; from--) {
        held[--to] = held[from - 1] as number;
        sums[to] = sums[from - 1] as number;
        places[to] = places[from - 1] as number;
      }
      held[--to] = key;
      sums[to] = counts[k] as number;
      places[to] = place;
    }
  }

  #reserve(length: number): void {
    if (length < this.#keys.length) return;
    const room = Math.max(length + 1, 2 * this.#keys.length);
    const [keys, counts, places] = [this.#keys, this.#counts, this.#places];
    this.#keys = new Float64Array(room).fill(Infinity);
    this.#keys.set(keys);
    this.#counts = new Uint32Array(room);
    this.#counts.set(counts);
    this.#places = new Float64Array(room);
    this.#places.set(places);
  }
}

/** Looks ever further ahead, so that near and far places are both found quickly. */
function placeFrom(sorted: Float64Array, from: number, end: number, key: number): number {
  let low = from;
  let high = from;
  for (let step = 1; high < end && (sorted[high] as number) < key; step *= 2) {
    low = high + 1;
    high += step;
  }
  if (high > end) high = end;
  while (low < high) {
    const middle = (low + high) >> 1;
    if ((sorted[middle] as number) < key) low = middle + 1;
    else high = middle;
  }
  return low;
}
