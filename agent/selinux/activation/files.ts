/** Files of the system that have either all of their new content or what they had before. */
import { mkdir, open, rename, rm, stat } from "node:fs/promises";
import { dirname } from "node:path";
import { syncDirectory } from "../../audit/seal/files.ts";

/** @param mode of a file that is new; one that is there keeps its own */
export async function putFile(file: string, text: string, mode = 0o644): Promise<void> {
  const beside = `${file}.dsecos-new`;
  await mkdir(dirname(file), { recursive: true, mode: 0o755 });
  const wanted = await stat(file).then(
    (found) => found.mode & 0o7777,
    (error: NodeJS.ErrnoException) => {
      if (error.code === "ENOENT") return mode;
      throw error;
    },
  );
  try {
    const handle = await open(beside, "w", mode);
    try {
      await handle.chmod(wanted);
      await handle.writeFile(text);
      await handle.sync();
    } finally {
      await handle.close();
    }
    await rename(beside, file);
  } catch (error) {
    await rm(beside, { force: true });
    throw error;
  }
  await syncDirectory(dirname(file));
}
