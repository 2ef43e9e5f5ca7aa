/** Some of the files below a directory, drawn by chance, for a look at their labels. */
import { createHash } from "node:crypto";
import { lstat, opendir } from "node:fs/promises";
import { join } from "node:path";

export interface Sample {
  /** The directory itself first; at most as many as was asked for. */
  readonly paths: string[];
  /** Whether that is every file there is. */
  readonly whole: boolean;
  /** Directories that could not be looked into, and why. */
  readonly unknown: { readonly path: string; readonly reason: string }[];
}

export interface SampleOptions {
  /** Paths that are drawn. */
  readonly most: number;
  readonly random: Random;
  /** Paths below which is not looked. */
  readonly except?: ReadonlySet<string>;
}

/** @returns a whole number from 0 to below the limit */
export type Random = (limit: number) => number;

/** Of one directory, and of all that wait to be looked into. */
const mostEntries = 5_000;
const mostWaiting = 20_000;

/** Numbers by SHA-256 of a seed and a counter: the same for the same seed, on any machine. */
export function randomOf(seed: string): Random {
  let counter = 0;
  return (limit) => {
    counter += 1;
    const digest = createHash("sha256").update(`${seed} ${counter}`).digest();
    return Number(digest.readBigUInt64LE() % BigInt(limit));
  };
}

/**
 * Looks into directories in an order that is drawn, and so far into each that every directory gets a
 * share. Follows no link and stays on the file system where it began. Reads about as many directory
 * entries as files are drawn; a tree with no more than these is drawn whole.
 *
 * @throws the system's error when the directory is not there
 */
export async function sample(directory: string, options: SampleOptions): Promise<Sample> {
  const { most, random, except = new Set() } = options;
  const top = await lstat(directory);
  const found: Sample & { whole: boolean } = { paths: [directory], whole: true, unknown: [] };
  const waiting = top.isDirectory() ? [directory] : [];
  while (waiting.length > 0) {
    if (found.paths.length >= most) return { ...found, whole: false };
    const at = random(waiting.length);
    const next = waiting[at] ?? "";
    waiting[at] = waiting.at(-1) ?? "";
    waiting.pop();
    // What is left is shared among this directory and those that wait.
    const share = Math.max(20, Math.ceil((most - found.paths.length) / (waiting.length + 1)));
    const entries = await look(next, top.dev, except, found);
    const left = Math.min(entries.length, share, most - found.paths.length);
    if (left < entries.length) found.whole = false;
    for (let drawn = 0; drawn < left; drawn++) {
      const other = drawn + random(entries.length - drawn);
      const entry = entries[other];
      entries[other] = entries[drawn] as Found;
      if (entry === undefined) continue;
      found.paths.push(entry.path);
      if (!entry.isDirectory) continue;
      if (waiting.length < mostWaiting) waiting.push(entry.path);
      else found.whole = false;
    }
  }
  return found;
}

interface Found {
  readonly path: string;
  readonly isDirectory: boolean;
}

async function look(
  directory: string,
  dev: number,
  except: ReadonlySet<string>,
  found: { whole: boolean; unknown: Sample["unknown"] },
): Promise<Found[]> {
  const entries: Found[] = [];
  try {
    for await (const entry of await opendir(directory)) {
      if (entries.length >= mostEntries) {
        found.whole = false;
        break;
      }
      const path = join(directory, entry.name);
      if (except.has(path)) continue;
      const isDirectory = entry.isDirectory() && (await lstat(path)).dev === dev;
      entries.push({ path, isDirectory });
    }
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    if (code === undefined) throw error;
    // What went away meanwhile has no label that could be wrong.
    if (code !== "ENOENT") found.unknown.push({ path: directory, reason: code });
  }
  return entries;
}
