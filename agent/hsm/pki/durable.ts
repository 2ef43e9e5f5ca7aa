/** Writes of many files at a time into one directory, of which none is half. */
import { open, rename, rm } from "node:fs/promises";
import { syncDirectory } from "../../audit/seal/files.ts";
import { temporaryEnding } from "../../audit/segments/durable.ts";

/** Syncs of a directory, of which many that wait become one. */
export class SharedSync {
  readonly #directory: string;
  #running: Promise<void> | undefined;
  #next: Promise<void> | undefined;

  constructor(directory: string) {
    this.#directory = directory;
  }

  /** Resolves after a sync that began after this was called. */
  run(): Promise<void> {
    if (this.#running === undefined) return this.#begin();
    this.#next ??= this.#running.then(
      () => this.#begin(),
      () => this.#begin(),
    );
    return this.#next;
  }

  #begin(): Promise<void> {
    this.#next = undefined;
    this.#running = syncDirectory(this.#directory).finally(() => {
      this.#running = undefined;
    });
    return this.#running;
  }
}

/** The whole file, or none: its name is on the disk once the directory was synced. */
export async function writeNew(path: string, content: string): Promise<void> {
  const temporary = path + temporaryEnding;
  const file = await open(temporary, "wx", 0o600);
  try {
    await file.writeFile(content);
    await file.sync();
  } catch (error) {
    await rm(temporary, { force: true });
    throw error;
  } finally {
    await file.close();
  }
  await rename(temporary, path);
}
