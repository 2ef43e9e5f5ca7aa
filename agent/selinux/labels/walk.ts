/** The files below a directory, for a look at their labels. */
import { lstat, opendir } from "node:fs/promises";
import { join } from "node:path";

export interface Walk {
  /** The directory itself first; at most as many as was asked for. */
  readonly paths: string[];
  /** Whether there are more. */
  readonly more: boolean;
  /** Directories that could not be looked into, and why. */
  readonly unknown: readonly { readonly path: string; readonly reason: string }[];
}

/**
 * Goes breadth first, follows no link and stays on the file system where it began.
 *
 * @param most paths
 * @throws the system's error when the directory is not there
 */
export async function walk(directory: string, most: number): Promise<Walk> {
  const { dev } = await lstat(directory);
  const paths = [directory];
  const unknown: { path: string; reason: string }[] = [];
  const waiting = [directory];
  for (let next = waiting.shift(); next !== undefined; next = waiting.shift()) {
    try {
      for await (const entry of await opendir(next)) {
        if (paths.length >= most) return { paths, more: true, unknown };
        const path = join(next, entry.name);
        paths.push(path);
        if (entry.isDirectory() && (await lstat(path)).dev === dev) waiting.push(path);
      }
    } catch (error) {
      const { code } = error as NodeJS.ErrnoException;
      if (code === undefined) throw error;
      // What went away meanwhile has no label that could be wrong.
      if (code !== "ENOENT") unknown.push({ path: next, reason: code });
    }
  }
  return { paths, more: false, unknown };
}
