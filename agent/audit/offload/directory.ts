/**
 * Copies into a directory, which has to be on another file system than the log. A copy appears
 * under its name as a whole (linked, which never replaces anything), read-only, and immutable where
 * the file system knows that.
 */
import { createHash } from "node:crypto";
import { createReadStream } from "node:fs";
import { chmod, link, mkdir, open, stat, unlink } from "node:fs/promises";
import { dirname, join } from "node:path";
import { pipeline } from "node:stream/promises";
import { setFlag } from "../segments/protect.ts";
import type { Content } from "./content.ts";
import { Differs, OffloadError, type Target } from "./types.ts";

export class DirectoryTarget implements Target {
  readonly name: string;
  remark = "";
  /** Whoever is root there removes copies. */
  readonly days = 0;
  readonly #directory: string;
  readonly #source: string;

  /** @param source the audit directory */
  constructor(directory: string, source: string) {
    this.name = directory;
    this.#directory = directory;
    this.#source = source;
  }

  close(): void {}

  async check(): Promise<string> {
    const [target, source] = await Promise.all([this.#stat(this.#directory), stat(this.#source)]);
    if (target.dev !== source.dev) return "";
    return `${this.#directory} is on the same disk as the log: protects from nothing. Mount another file system there.`;
  }

  async store(key: string, content: Content, signal: AbortSignal): Promise<"stored" | "there"> {
    const path = join(this.#directory, key);
    try {
      if (await this.#isThere(path, content)) return "there";
      await makeDirectories(this.#directory, dirname(path));
      await this.#copy(path, content, signal);
      return "stored";
    } catch (error) {
      if (error instanceof Differs || error instanceof OffloadError || signal.aborted) throw error;
      throw new OffloadError(this.#sentence(error), { cause: error });
    }
  }

  async #stat(directory: string) {
    try {
      const found = await stat(directory);
      if (found.isDirectory()) return found;
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== "ENOENT") throw error;
    }
    throw new OffloadError(`${directory} is no directory; make it and mount a file system there.`);
  }

  async #isThere(path: string, content: Content): Promise<boolean> {
    let size: number;
    try {
      ({ size } = await stat(path));
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code === "ENOENT") return false;
      throw error;
    }
    if (size === content.bytes && (await hashOf(path)) === content.sha256) return true;
    throw new Differs(`${path} is not what the log has under that name.`);
  }

  async #copy(path: string, content: Content, signal: AbortSignal): Promise<void> {
    // The same content has the same name, so that a crash leaves one part behind at most.
    const part = join(dirname(path), `.${content.sha256}.part`);
    const file = await open(part, "w", 0o400);
    try {
      for await (const chunk of content.stream()) {
        signal.throwIfAborted();
        await file.appendFile(chunk);
      }
      await file.sync();
    } finally {
      await file.close();
    }
    if ((await hashOf(part)) !== content.sha256) {
      throw new OffloadError(`${path} was not copied as it is; look at the disk's health.`);
    }
    await this.#publish(part, path, content);
    await chmod(path, 0o400);
    try {
      await setFlag(path, "i");
    } catch {
      // Not every file system knows the flag, nor lets us; the copy is as good as there.
      this.remark = "It does not make them immutable.";
    }
  }

  async #publish(part: string, path: string, content: Content): Promise<void> {
    const folder = await open(dirname(path), "r");
    try {
      await link(part, path);
      await unlink(part);
      await folder.sync();
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== "EEXIST") throw error;
      await this.#isThere(path, content);
    } finally {
      await folder.close();
    }
  }

  #sentence(error: unknown): string {
    const { code, message } = error as NodeJS.ErrnoException;
    const known: Record<string, string> = {
      ENOSPC: "the file system is full; make room or mount a larger one",
      EDQUOT: "the quota is used up; raise it",
      EROFS:
        "the file system is read-only; mount it read-write, and name it in ReadWritePaths= of the unit",
      EPERM: "the file system does not let the agent; it has to know hard links",
      EACCES: "the agent may not write there; let root own it",
      ENOTSUP: "the file system knows no hard links; use another one",
    };
    return `Nothing can be copied to ${this.#directory}: ${known[code ?? ""] ?? message}.`;
  }
}

/** Each of them durable in the one above. */
async function makeDirectories(top: string, directory: string): Promise<void> {
  if (directory === top) return;
  await makeDirectories(top, dirname(directory));
  try {
    await mkdir(directory, 0o700);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "EEXIST") return;
    throw error;
  }
  const above = await open(dirname(directory), "r");
  try {
    await above.sync();
  } finally {
    await above.close();
  }
}

async function hashOf(path: string): Promise<string> {
  const sha256 = createHash("sha256");
  await pipeline(createReadStream(path), sha256);
  return sha256.digest("hex");
}
