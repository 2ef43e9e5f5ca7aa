/**
 * Merkle tree hashes of RFC 6962, section 2.1, with SHA-256. One-shot hashing to latin1 avoids an
 * ArrayBuffer for every digest, which costs more than the hash.
 */
import { hash } from "node:crypto";

export const hashBytes = 32;

/** @param prefixed 0x00 followed by the entry. */
export function leafHash(prefixed: Buffer): Buffer {
  return hash("sha256", prefixed, "buffer");
}

const node = Buffer.alloc(1 + 2 * hashBytes);
node[0] = 1;

export function nodeHash(left: Buffer, right: Buffer): Buffer {
  left.copy(node, 1);
  right.copy(node, 1 + hashBytes);
  return hash("sha256", node, "buffer");
}

/**
 * Root over hashes that stand one behind the other; their number need not be a power of two.
 * @param hashes at least one; its content is used up.
 */
export function rootOf(hashes: Buffer): Buffer {
  let count = hashes.length / hashBytes;
  if (count < 1 || !Number.isInteger(count)) throw new RangeError("no whole hashes");
  while (count > 1) {
    const pairs = count >> 1;
    for (let i = 0; i < pairs; i++) {
      hashes.copy(node, 1, 2 * i * hashBytes, (2 * i + 2) * hashBytes);
      hashes.write(hash("sha256", node, "binary"), i * hashBytes, hashBytes, "latin1");
    }
    // One without a partner moves up as it is.
    if (count % 2 === 1) {
      hashes.copy(hashes, pairs * hashBytes, (count - 1) * hashBytes, count * hashBytes);
    }
    count = pairs + (count % 2);
  }
  return Buffer.from(hashes.subarray(0, hashBytes));
}

export const emptyRoot: Buffer = hash("sha256", Buffer.alloc(0), "buffer");

/** The few roots of whole subtrees that stand for all leaves so far. */
export class CompactRange {
  /** Roots of subtrees of 2^level leaves, largest first. */
  readonly #parts: { level: number; root: Buffer }[];

  constructor(parts: readonly { level: number; root: Buffer }[] = []) {
    this.#parts = [...parts];
  }

  copy(): CompactRange {
    return new CompactRange(this.#parts);
  }

  /** Number of leaves. */
  get size(): number {
    return this.#parts.reduce((sum, { level }) => sum + 2 ** level, 0);
  }

  /** Adds a subtree of 2^level leaves; the leaves before are a multiple of that. */
  append(root: Buffer, level = 0): void {
    let joined = { level, root };
    for (let last = this.#parts.at(-1); last?.level === joined.level; last = this.#parts.at(-1)) {
      this.#parts.pop();
      joined = { level: joined.level + 1, root: nodeHash(last.root, joined.root) };
    }
    this.#parts.push(joined);
  }

  root(): Buffer {
    const [last, ...rest] = this.#parts.map((part) => part.root).reverse();
    if (last === undefined) return emptyRoot;
    return rest.reduce((right, left) => nodeHash(left, right), last);
  }
}
