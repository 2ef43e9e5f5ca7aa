/**
 * Tiles (c2sp.org/tlog-tiles): 256 hashes of one level, one behind the other, in a file. A hash in
 * a tile of level L+1 is the root of a full tile of level L; level 0 holds the leaves.
 */
import { hashBytes, rootOf } from "./merkle.ts";
import type { HashSource } from "./proofs.ts";

export const tileWidth = 256;
export const tileBytes = tileWidth * hashBytes;
const tileHeight = 8;

/** @returns for example `x001/x234/067` */
export function tileNumber(n: number): string {
  const groups = [];
  for (let rest = n; ; rest = Math.floor(rest / 1000)) {
    groups.push(String(rest % 1000).padStart(3, "0"));
    if (rest < 1000) break;
  }
  return groups
    .reverse()
    .map((group, i) => (i < groups.length - 1 ? `x${group}` : group))
    .join("/");
}

/** @param width below 256 for a partial tile */
export function tilePath(level: number | "entries", n: number, width: number = tileWidth): string {
  const partial = width < tileWidth ? `.p/${width}` : "";
  return `tile/${level}/${tileNumber(n)}${partial}`;
}

export interface TileName {
  level: number | "entries";
  n: number;
  width: number;
}

/** @returns undefined for what is no path of a tile. */
export function parseTilePath(path: string): TileName | undefined {
  const [, level = "", number = "", digits] =
    /^tile\/([0-9]{1,2}|entries)\/((?:x[0-9]{3}\/)*[0-9]{3})(?:\.p\/([0-9]{1,3}))?$/.exec(path) ??
    [];
  const name = {
    level: level === "entries" ? level : Number(level),
    n: Number(number.replace(/[x/]/g, "")),
    width: digits === undefined ? tileWidth : Number(digits),
  } as const;
  const fits = name.width >= 1 && Number.isSafeInteger(name.n);
  // Leading zeroes and the like make another path, which is none.
  return fits && tilePath(name.level, name.n, name.width) === path ? name : undefined;
}

/** @returns the tiles of a level in a tree of `size` leaves: so many full ones, and one partial. */
export function tilesAt(level: number, size: number): { full: number; partial: number } {
  const hashes = Math.floor(size / tileWidth ** level);
  return { full: Math.floor(hashes / tileWidth), partial: hashes % tileWidth };
}

/** @returns the paths of all tiles of hashes of a tree of `size` leaves. */
export function* tilesOf(size: number, from = 0): Generator<TileName> {
  for (let level = from; size >= tileWidth ** level; level++) {
    const { full, partial } = tilesAt(level, size);
    for (let n = 0; n < full; n++) yield { level, n, width: tileWidth };
    if (partial > 0) yield { level, n: full, width: partial };
  }
}

/**
 * Hashes for proofs out of tiles.
 *
 * @param readTile the first `width` hashes of a tile or more; a partial tile may be stored only in
 *   a wider one
 * @param size of the tree; no hash behind it is asked for
 */
export function tileHashes(
  readTile: (level: number, n: number, width: number) => Buffer,
  size: number,
): HashSource {
  return (level, index) => {
    const tileLevel = Math.floor(level / tileHeight);
    const span = 2 ** (level % tileHeight);
    const start = index * span;
    const n = Math.floor(start / tileWidth);
    const { full, partial } = tilesAt(tileLevel, size);
    const tile = readTile(tileLevel, n, n < full ? tileWidth : partial);
    const offset = (start % tileWidth) * hashBytes;
    const hashes = tile.subarray(offset, offset + span * hashBytes);
    if (hashes.length !== span * hashBytes) throw new RangeError(`tile ${tileLevel}/${n} is short`);
    return rootOf(Buffer.from(hashes));
  };
}
