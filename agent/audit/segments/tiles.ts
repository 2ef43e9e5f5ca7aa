/** Tiles of the log's directory. */
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { hashBytes } from "../tlog/merkle.ts";
import { tilePath, tileWidth } from "../tlog/tiles.ts";

/** @returns the first `width` hashes of a tile, out of it or a wider one; undefined for none. */
export function readTile(
  directory: string,
  level: number,
  n: number,
  width: number,
): Buffer | undefined {
  const length = width * hashBytes;
  const full = join(directory, tilePath(level, n));
  for (const path of [full, ...partials(full, width)]) {
    const bytes = readIfThere(path);
    if (bytes !== undefined && bytes.length >= length) return bytes.subarray(0, length);
  }
  return undefined;
}

/** @returns partial tiles of at least that width, widest first. */
function partials(full: string, width: number): string[] {
  const folder = `${full}.p`;
  let names: string[];
  try {
    names = readdirSync(folder);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "ENOENT") return [];
    throw error;
  }
  return names
    .filter((name) => /^[0-9]{1,3}$/.test(name))
    .map(Number)
    .filter((wide) => wide >= width && wide < tileWidth)
    .sort((a, b) => b - a)
    .map((wide) => join(folder, String(wide)));
}

function readIfThere(path: string): Buffer | undefined {
  try {
    return readFileSync(path);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "ENOENT") return undefined;
    throw error;
  }
}
