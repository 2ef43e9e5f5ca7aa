/**
 * Which files of the log are to be copied, and under which names. A name always means the same
 * content: files that change are copied under names that tell which of their states it is.
 */
import { readdir, stat } from "node:fs/promises";
import { join } from "node:path";
import { parseTilePath, tileWidth } from "../tlog/tiles.ts";

export interface Item {
  /** Below the audit directory. */
  path: string;
  /** Name of the copy below the log's origin; ends with `-` where a hash of the content follows. */
  name: string;
  bytes: number;
  /** Changes when the file does. */
  version: string;
}

/** So long after midnight nothing is added to the seals of the day before any more. */
const settledMs = 10 * 60_000;
const dayMs = 24 * 60 * 60_000;

/**
 * Closed and removed segments, full tiles, seals of past days and the few small files; of the
 * newest checkpoint, which has to be copied more often, see {@link checkpointItem}.
 */
export async function planned(directory: string, now: number): Promise<Item[]> {
  const segments = (await names(join(directory, "log"))).filter((name) =>
    /^[0-9]{20}\.(segz|gone)$/.test(name),
  );
  const tiles = (await names(join(directory, "tile"), { recursive: true }))
    .map((name) => `tile/${name}`)
    .filter((path) => parseTilePath(path)?.width === tileWidth);
  const seals = (await names(join(directory, "seals"))).filter((name) => isPast(name, now));
  const tpms = (await names(join(directory, "tpm"))).filter((name) => name.endsWith(".json"));
  const fixed = [
    ...segments.map((name) => `log/${name}`),
    ...tiles,
    ...seals.map((name) => `seals/${name}`),
  ].sort();
  const changing = ["log.json", "witnesses", ...tpms.map((name) => `tpm/${name}`).sort()];
  const items = await Promise.all([
    ...fixed.map((path) => itemOf(directory, path, path)),
    ...changing.map((path) => itemOf(directory, path, `${path}-`)),
  ]);
  return items.filter((item) => item !== undefined);
}

/** @param size number of events that the checkpoint counts */
export function checkpointItem(directory: string, size: number): Promise<Item | undefined> {
  return itemOf(directory, "checkpoint", `checkpoints/${String(size).padStart(20, "0")}-`);
}

/** @returns undefined for what is not there, or not any more. */
async function itemOf(directory: string, path: string, name: string): Promise<Item | undefined> {
  try {
    const { size, mtimeNs } = await stat(join(directory, path), { bigint: true });
    return { path, name, bytes: Number(size), version: `${size} ${mtimeNs}` };
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "ENOENT") return undefined;
    throw error;
  }
}

async function names(directory: string, options = { recursive: false }): Promise<string[]> {
  try {
    return await readdir(directory, options);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "ENOENT") return [];
    throw error;
  }
}

function isPast(name: string, now: number): boolean {
  const day = /^([0-9]{4}-[0-9]{2}-[0-9]{2})\.jsonl$/.exec(name)?.[1];
  return day !== undefined && Date.parse(day) + dayMs + settledMs <= now;
}
