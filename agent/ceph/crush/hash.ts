/**
 * The hash of CRUSH: Robert Jenkins' mix of three words of 32 bits (“Hash functions for hash table
 * lookup”, 1997), over two or three words that are seeded with one constant.
 */

const seed = 1_315_423_911;

/** Words that are mixed: up to three that are hashed, the hash, and two that begin as constants. */
const words = new Int32Array(6);
const [first, second, third, hash, left, right] = [0, 1, 2, 3, 4, 5];

function mix(i: number, j: number, k: number): void {
  let a = words[i] as number;
  let b = words[j] as number;
  let c = words[k] as number;
  a = (a - b - c) ^ (c >>> 13);
  b = (b - c - a) ^ (a << 8);
  c = (c - a - b) ^ (b >>> 13);
  a = (a - b - c) ^ (c >>> 12);
  b = (b - c - a) ^ (a << 16);
  c = (c - a - b) ^ (b >>> 5);
  a = (a - b - c) ^ (c >>> 3);
  b = (b - c - a) ^ (a << 10);
  c = (c - a - b) ^ (b >>> 15);
  words[i] = a;
  words[j] = b;
  words[k] = c;
}

function begin(a: number, b: number, c: number): void {
  words[first] = a;
  words[second] = b;
  words[third] = c;
  words[hash] = seed ^ a ^ b ^ c;
  words[left] = 231_232;
  words[right] = 1232;
}

/** @returns 32 bits, as an unsigned number */
export function hashTwo(a: number, b: number): number {
  begin(a, b, 0);
  mix(first, second, hash);
  mix(left, first, hash);
  mix(second, right, hash);
  return (words[hash] as number) >>> 0;
}

/** @returns 32 bits, as an unsigned number */
export function hashThree(a: number, b: number, c: number): number {
  begin(a, b, c);
  mix(first, second, hash);
  mix(third, left, hash);
  mix(right, first, hash);
  mix(second, left, hash);
  mix(right, third, hash);
  return (words[hash] as number) >>> 0;
}
