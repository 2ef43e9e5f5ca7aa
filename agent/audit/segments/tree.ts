/** The tree over whole bundles, out of tiles and of what the segments tell of their bundles. */
import { CompactRange, hashBytes, rootOf } from "../tlog/merkle.ts";
import { tileWidth } from "../tlog/tiles.ts";
import { readTile } from "./tiles.ts";

/** Levels of the tree between one level of tiles and the next: a tile has 2^8 hashes. */
const tileLevels = 8;

/**
 * @param bundles how many, from the first one of the log
 * @param bundleRoot asked only for those that no tile of a higher level covers
 */
export function treeOfBundles(
  directory: string,
  bundles: number,
  bundleRoot: (bundle: number) => Buffer,
): CompactRange {
  const range = new CompactRange();
  let level = 1;
  while (bundles >= tileWidth ** level) level += 1;
  for (let covered = 0; level >= 1; level--) {
    const count = Math.floor(bundles / tileWidth ** (level - 1));
    for (let n = covered * tileWidth; n < count; n++) {
      range.append(hashAt(directory, level, n, bundleRoot), tileLevels * level);
    }
    covered = count;
  }
  return range;
}

/** @returns the root over 256^level events. */
export function hashAt(
  directory: string,
  level: number,
  n: number,
  bundleRoot: (bundle: number) => Buffer,
): Buffer {
  if (level === 1) return bundleRoot(n);
  const at = n % tileWidth;
  const tile = readTile(directory, level, Math.floor(n / tileWidth), at + 1);
  if (tile !== undefined) return tile.subarray(at * hashBytes, (at + 1) * hashBytes);
  const below = Array.from({ length: tileWidth }, (_, i) =>
    hashAt(directory, level - 1, n * tileWidth + i, bundleRoot),
  );
  return rootOf(Buffer.concat(below));
}
