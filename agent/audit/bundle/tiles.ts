/** The log as c2sp.org/tlog-tiles has it, for the tools of other logs: all tiles and all entries. */
import { setImmediate as turn } from "node:timers/promises";
import { LogReader } from "../segments/reader.ts";
import { hashBytes } from "../tlog/merkle.ts";
import { tilePath, tilesOf, tileWidth } from "../tlog/tiles.ts";
import { cachedHashes } from "./hashes.ts";
import type { BundleRequest, BundleResult } from "./request.ts";
import { newestCheckpoint } from "./seals.ts";
import { writeTar } from "./writer.ts";

export type TilesRequest = Omit<BundleRequest, "sign" | "from" | "to">;

const tileHeight = 8;

/**
 * Writes the tree of the newest checkpoint. Tiles of level 0 and entries that retention removed are
 * left out, as such a log prunes.
 *
 * @throws RangeError when there is no checkpoint yet.
 */
export async function exportTiles(request: TilesRequest): Promise<BundleResult> {
  const { directory, target, signal, onProgress } = request;
  const checkpoint = await newestCheckpoint(directory);
  if (checkpoint === undefined) throw new RangeError("The log has no checkpoint yet.");
  const { size } = checkpoint;
  const reader = new LogReader(directory);
  try {
    if (reader.refresh() < size) {
      throw new RangeError("The log is shorter than its checkpoint says; verify it.");
    }
    const hashes = cachedHashes(directory, reader, size);
    const mtime = Math.floor(Date.now() / 1000);
    const bytes = await writeTar(target, { mtime, signal }, async (writer) => {
      await writer.add("checkpoint", Buffer.from(checkpoint.note));
      for (const { level, n, width } of tilesOf(size)) {
        if (level === "entries") continue;
        const start = n * tileWidth;
        if (level === 0 && start < reader.first) continue;
        const own = Array.from({ length: width }, (_, i) => hashes(level * tileHeight, start + i));
        await writer.add(tilePath(level, n, width), Buffer.concat(own, width * hashBytes));
        if (level === 0) {
          await writer.add(tilePath("entries", n, width), entries(reader, start, width));
          onProgress?.(Math.min(1, (start + width) / size));
        }
        await turn();
      }
    });
    return { bytes, first: reader.first, end: size, events: size - reader.first };
  } finally {
    reader.close();
  }
}

/** Each entry behind its length in two bytes. */
function entries(reader: LogReader, from: number, count: number): Buffer {
  const parts = reader.read(from, count).flatMap(({ payload, salt, previous }) => {
    const length = Buffer.alloc(2);
    length.writeUInt16BE(payload.length + salt.length + previous.length);
    return [length, payload, salt, previous];
  });
  return Buffer.concat(parts);
}
