/** Hashes of a log's tree, for many proofs in one pass: tiles that were used last are kept. */
import type { LogReader } from "../segments/reader.ts";
import { readTile } from "../segments/tiles.ts";
import { hashBytes, rootOf } from "../tlog/merkle.ts";
import type { HashSource } from "../tlog/proofs.ts";
import { tileHashes, tileWidth } from "../tlog/tiles.ts";

/** 8 KiB each; a pass in order needs few. */
const mostKept = 64;

/** @param size of the tree; no hash behind it is asked for */
export function cachedHashes(directory: string, reader: LogReader, size: number): HashSource {
  const kept = new Map<string, Buffer>();
  const tile = (level: number, n: number, width: number): Buffer => {
    const key = `${level}/${n}`;
    const known = kept.get(key);
    if (known !== undefined && known.length >= width * hashBytes) return known;
    const bytes = makeTile(level, n, width);
    kept.delete(key);
    kept.set(key, bytes);
    const [oldest] = kept.keys();
    if (kept.size > mostKept && oldest !== undefined) kept.delete(oldest);
    return bytes;
  };
  const makeTile = (level: number, n: number, width: number): Buffer => {
    if (level === 0) return reader.leafHashes(n);
    const stored = readTile(directory, level, n, width);
    if (stored !== undefined) return stored;
    const hashOf = (i: number) =>
      level === 1 ? reader.bundleRoot(i) : rootOf(Buffer.from(tile(level - 1, i, tileWidth)));
    return Buffer.concat(Array.from({ length: width }, (_, i) => hashOf(n * tileWidth + i)));
  };
  return tileHashes(tile, size);
}
