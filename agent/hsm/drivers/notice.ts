/** Notices that something in a directory changed. */
import { type FSWatcher, watch } from "node:fs";
import { explain, type Log } from "../../log.ts";

/** A file is often written in several steps; in milliseconds. */
const settleMs = 200;

export class DirectoryNotice {
  readonly #directory: string;
  readonly #log: Log;
  readonly #changed: () => void;
  #watcher: FSWatcher | undefined;
  #timer: NodeJS.Timeout | undefined;
  #told = false;

  /** @param changed is told once for each `begin`; who then reads anew calls `begin` before. */
  constructor(directory: string, log: Log, changed: () => void) {
    this.#directory = directory;
    this.#log = log;
    this.#changed = changed;
  }

  /** From now on a change is told. Where the directory is not there yet, the next call tries again. */
  begin(): void {
    if (this.#watcher !== undefined || this.#timer !== undefined) return;
    try {
      this.#watcher = watch(this.#directory, { persistent: false }, () => this.#noticed());
      this.#watcher.on("error", () => this.#noticed());
    } catch (error) {
      // Such a directory is looked for by whoever asks for what is in it.
      if ((error as NodeJS.ErrnoException).code === "ENOENT" || this.#told) return;
      this.#told = true;
      const { message } = error as Error;
      this.#log("warning", "changes of driver files are noticed late", { error: explain(message) });
    }
  }

  /** The watcher goes with what it watched, which may be another directory of that name by now. */
  #noticed(): void {
    this.end();
    this.#timer = setTimeout(() => {
      this.#timer = undefined;
      this.#changed();
    }, settleMs);
    this.#timer.unref();
  }

  end(): void {
    clearTimeout(this.#timer);
    this.#timer = undefined;
    this.#watcher?.close();
    this.#watcher = undefined;
  }
}
