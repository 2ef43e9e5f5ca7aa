/**
 * Inclusion and consistency proofs. They are made by the recursive definitions of RFC 6962,
 * sections 2.1.1 and 2.1.2, and checked by the iterative algorithms of RFC 9162, sections 2.1.3.2
 * and 2.1.4.2, so that a mistake in one does not hide in the other. Indexes go up to 2^53, beyond
 * what JavaScript's bit operators can do.
 */
import { emptyRoot, nodeHash } from "./merkle.ts";

/** @returns the root of the whole subtree of 2^level leaves that is number `index` at its level. */
export type HashSource = (level: number, index: number) => Buffer;

/** Largest power of two below n, as its exponent; n is 2 or more. */
function splitLevel(n: number): number {
  let level = 0;
  while (2 ** (level + 1) < n) level++;
  return level;
}

/** Root over the leaves from `start` to before `end`; `start` is where such a subtree can begin. */
function rangeRoot(hashes: HashSource, start: number, end: number): Buffer {
  const count = end - start;
  if (count === 1) return hashes(0, start);
  const level = splitLevel(count);
  const half = 2 ** level;
  if (count === 2 * half) return hashes(level + 1, start / count);
  return nodeHash(hashes(level, start / half), rangeRoot(hashes, start + half, end));
}

/** Root of the tree over the first `size` leaves. */
export function treeRoot(hashes: HashSource, size: number): Buffer {
  return size === 0 ? emptyRoot : rangeRoot(hashes, 0, size);
}

/** @throws RangeError unless index < size. */
export function inclusionProof(hashes: HashSource, index: number, size: number): Buffer[] {
  if (!(index >= 0 && index < size)) throw new RangeError(`no event ${index} among ${size}`);
  const proof: Buffer[] = [];
  let start = 0;
  let end = size;
  while (end - start > 1) {
    const middle = start + 2 ** splitLevel(end - start);
    if (index < middle) {
      proof.push(rangeRoot(hashes, middle, end));
      end = middle;
    } else {
      proof.push(rangeRoot(hashes, start, middle));
      start = middle;
    }
  }
  return proof.reverse();
}

/** @throws RangeError unless 0 <= from <= to. From 0, and from a size to itself, it is empty. */
export function consistencyProof(hashes: HashSource, from: number, to: number): Buffer[] {
  if (!(from >= 0 && from <= to)) throw new RangeError(`no proof from ${from} to ${to}`);
  if (from === 0 || from === to) return [];
  const proof: Buffer[] = [];
  let start = 0;
  let end = to;
  // Whether the old root itself is the subtree at hand: the other side knows it then.
  let known = true;
  while (from !== end) {
    const middle = start + 2 ** splitLevel(end - start);
    if (from <= middle) {
      proof.push(rangeRoot(hashes, middle, end));
      end = middle;
    } else {
      proof.push(rangeRoot(hashes, start, middle));
      start = middle;
      known = false;
    }
  }
  if (!known) proof.push(rangeRoot(hashes, start, end));
  return proof.reverse();
}

const half = (n: number) => Math.floor(n / 2);
const isOdd = (n: number) => n % 2 === 1;

/** @returns the root to which the proof leads; undefined for one of the wrong length. */
export function rootFromInclusion(
  leaf: Buffer,
  index: number,
  size: number,
  proof: readonly Buffer[],
): Buffer | undefined {
  if (!(index >= 0 && index < size)) return undefined;
  let node = index;
  let last = size - 1;
  let root = leaf;
  for (const hash of proof) {
    if (last === 0) return undefined;
    if (isOdd(node) || node === last) {
      root = nodeHash(hash, root);
      // The last node of a level without a partner moves up until it has one.
      while (!isOdd(node) && node !== 0) {
        node = half(node);
        last = half(last);
      }
    } else {
      root = nodeHash(root, hash);
    }
    node = half(node);
    last = half(last);
  }
  return last === 0 ? root : undefined;
}

/** @returns whether the leaf is number `index` in the tree of that size and root. */
export function isIncluded(
  leaf: Buffer,
  index: number,
  size: number,
  proof: readonly Buffer[],
  root: Buffer,
): boolean {
  return rootFromInclusion(leaf, index, size, proof)?.equals(root) ?? false;
}

/** @returns whether the tree of `from` leaves is the beginning of that of `to` leaves. */
export function isConsistent(
  from: { size: number; root: Buffer },
  to: { size: number; root: Buffer },
  proof: readonly Buffer[],
): boolean {
  if (from.size > to.size) return false;
  if (from.size === to.size) return proof.length === 0 && from.root.equals(to.root);
  if (from.size === 0) return proof.length === 0 && from.root.equals(emptyRoot);
  let node = from.size - 1;
  let last = to.size - 1;
  while (isOdd(node)) {
    node = half(node);
    last = half(last);
  }
  // A whole subtree is its own first hash; its root need not be told.
  const [first, ...rest] = node === 0 ? [from.root, ...proof] : proof;
  if (first === undefined) return false;
  let older = first;
  let newer = first;
  for (const hash of rest) {
    if (last === 0) return false;
    if (isOdd(node) || node === last) {
      older = nodeHash(hash, older);
      newer = nodeHash(hash, newer);
      while (!isOdd(node) && node !== 0) {
        node = half(node);
        last = half(last);
      }
    } else {
      newer = nodeHash(newer, hash);
    }
    node = half(node);
    last = half(last);
  }
  return last === 0 && older.equals(from.root) && newer.equals(to.root);
}
