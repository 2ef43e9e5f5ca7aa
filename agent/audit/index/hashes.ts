/** Short fixed-size stand-ins for names of which there may be many. */
import { hash } from "node:crypto";

/** @returns 48 bits of the SHA-256 of a name, as a whole number. */
export function hash48(name: string): number {
  const digest = hash("sha256", name, "binary");
  let value = 0;
  for (let i = 0; i < 6; i++) value = value * 256 + digest.charCodeAt(i);
  return value;
}

/** @returns 24 bits, never 0, which stands for no name. */
export function hash24(name: string): number {
  return hash48(name) % 2 ** 24 || 1;
}

/** @returns the place of a key in a sorted list, or -1. */
export function placeOf(sorted: Float64Array, key: number): number {
  let low = 0;
  let high = sorted.length;
  while (low < high) {
    const middle = (low + high) >> 1;
    if ((sorted[middle] as number) < key) low = middle + 1;
    else high = middle;
  }
  return sorted[low] === key ? low : -1;
}
