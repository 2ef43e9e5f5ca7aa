/** Writes tiles of level 1 and higher, when a segment is closed. */
import { readdirSync, rmSync } from "node:fs";
import { join } from "node:path";
import { tilePath, tileWidth } from "../tlog/tiles.ts";
import { writeDurably } from "./durable.ts";
import { LogReader } from "./reader.ts";
import { hashAt } from "./tree.ts";

/**
 * @param from number of the segment's first bundle; tiles before it are there already
 * @param roots of its bundles, all within one tile
 */
export function writeTiles(directory: string, from: number, roots: readonly Buffer[]): void {
  const reader = new LogReader(directory);
  try {
    reader.refresh();
    const rootOfBundle = (bundle: number) => roots[bundle - from] ?? reader.bundleRoot(bundle);
    let end = from + roots.length;
    for (let level = 1; end > 0; level++) {
      writeTile(directory, level, end, (n) => hashAt(directory, level, n, rootOfBundle));
      if (end % tileWidth !== 0) return;
      end /= tileWidth;
    }
  } finally {
    reader.close();
  }
}

/** @param end number of hashes of that level; the tile that has the last one is written. */
function writeTile(
  directory: string,
  level: number,
  end: number,
  hashOf: (n: number) => Buffer,
): void {
  const tile = Math.floor((end - 1) / tileWidth);
  const width = end - tile * tileWidth;
  const hashes = Array.from({ length: width }, (_, i) => hashOf(tile * tileWidth + i));
  writeDurably(join(directory, tilePath(level, tile, width)), Buffer.concat(hashes));
  removeNarrower(directory, level, tile, width);
}

/** A partial tile is not needed where a wider one is. */
function removeNarrower(directory: string, level: number, tile: number, width: number): void {
  const folder = `${join(directory, tilePath(level, tile))}.p`;
  if (width === tileWidth) {
    rmSync(folder, { recursive: true, force: true });
    return;
  }
  for (const name of readdirSync(folder)) {
    if (Number(name) < width) rmSync(join(folder, name));
  }
}
