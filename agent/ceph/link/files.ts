/** Notices that a file was replaced or changed. */
import { stat } from "node:fs/promises";

/** What tells one content of a file from the next; empty where there is no file. */
export async function markOf(path: string): Promise<string> {
  try {
    const { ino, size, mtimeMs } = await stat(path);
    return `${ino}.${size}.${mtimeMs}`;
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    if (code === "ENOENT" || code === "ENOTDIR") return "";
    throw error;
  }
}
