/** Hashes of the log's tree for proofs: from tiles where they are, else from the segments. */
import { bundleEvents } from "../segments/format.ts";
import type { LogReader } from "../segments/reader.ts";
import { readTile } from "../segments/tiles.ts";
import { hashBytes, rootOf } from "../tlog/merkle.ts";
import type { HashSource } from "../tlog/proofs.ts";
import { tileHashes, tileWidth } from "../tlog/tiles.ts";

/** @param size of the tree; no hash behind it is asked for */
export function treeHashes(directory: string, reader: LogReader, size: number): HashSource {
  const tile = (level: number, n: number, width: number): Buffer => {
    if (level === 0) return reader.leafHashes(n).subarray(0, width * hashBytes);
    const stored = readTile(directory, level, n, width);
    if (stored !== undefined) return stored;
    const root = (i: number) =>
      level === 1 ? reader.bundleRoot(i) : rootOf(Buffer.from(tile(level - 1, i, tileWidth)));
    return Buffer.concat(Array.from({ length: width }, (_, i) => root(n * tileWidth + i)));
  };
  if (bundleEvents !== tileWidth) throw new Error("a bundle is a tile of leaves");
  return tileHashes(tile, size);
}
