/** Files that are on the disk when a promise resolves; the event loop never waits for the disk. */
import { constants, mkdir, open, rename } from "node:fs/promises";
import { dirname } from "node:path";
import { temporaryEnding } from "../segments/durable.ts";

const { O_WRONLY, O_CREAT, O_TRUNC, O_NOFOLLOW, O_RDONLY, O_DIRECTORY } = constants;

/** The file has either all of its new content or what it had before. */
export async function replaceFile(path: string, content: string | Buffer): Promise<void> {
  const temporary = path + temporaryEnding;
  await mkdir(dirname(path), { recursive: true, mode: 0o700 });
  const file = await open(temporary, O_WRONLY | O_CREAT | O_TRUNC | O_NOFOLLOW, 0o600);
  try {
    await file.writeFile(content);
    await file.sync();
  } finally {
    await file.close();
  }
  await rename(temporary, path);
  await syncDirectory(dirname(path));
}

export async function syncDirectory(path: string): Promise<void> {
  const directory = await open(path, O_RDONLY | O_DIRECTORY);
  try {
    await directory.sync();
  } finally {
    await directory.close();
  }
}
