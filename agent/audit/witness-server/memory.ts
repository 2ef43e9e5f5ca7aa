/**
 * What a witness must not forget: for each log the size and root that it cosigned last. One file
 * for each log, replaced as a whole and durable before anybody is told.
 */
import { type ChildProcess, spawn } from "node:child_process";
import { hash } from "node:crypto";
import { once } from "node:events";
import { type FileHandle, mkdir, open, readFile, rename } from "node:fs/promises";
import { dirname, join } from "node:path";
import * as v from "valibot";
import { fromBase64 } from "../tlog/base64.ts";
import { emptyRoot, hashBytes } from "../tlog/merkle.ts";

export interface Seen {
  size: number;
  root: Buffer;
}

const rootSchema = v.pipe(
  v.string(),
  v.check((text) => fromBase64(text)?.length === hashBytes),
);
const recordSchema = v.strictObject({
  origin: v.string(),
  size: v.pipe(v.number(), v.safeInteger(), v.minValue(0)),
  root: rootSchema,
});

export class Memory {
  readonly #directory: string;
  readonly #lock: FileHandle;
  readonly #seen = new Map<string, Seen>();
  /** The end of what is under way for each log. */
  readonly #turns = new Map<string, Promise<unknown>>();

  private constructor(directory: string, lock: FileHandle) {
    this.#directory = directory;
    this.#lock = lock;
  }

  /**
   * @param directory made when it is missing
   * @throws Error in a sentence, for example when another witness has the directory.
   */
  static async open(directory: string): Promise<Memory> {
    await mkdir(join(directory, "logs"), { recursive: true, mode: 0o700 });
    return new Memory(directory, await takeLock(join(directory, "lock")));
  }

  /** Gives the directory free. */
  async close(): Promise<void> {
    await Promise.all(this.#turns.values());
    await this.#lock.close();
  }

  /**
   * Runs `step` while nobody else sees or changes what is known of the log. What it returns as
   * `next` is durable before this resolves.
   */
  async change<T>(
    origin: string,
    step: (seen: Seen) => { next?: Seen | undefined; result: T },
  ): Promise<T> {
    const before = this.#turns.get(origin) ?? Promise.resolve();
    const turn = before.then(async () => {
      const seen = this.#seen.get(origin) ?? (await this.#read(origin));
      this.#seen.set(origin, seen);
      const { next, result } = step(seen);
      if (next === undefined) return result;
      // Should it fail half-way, what the disk holds decides the next time.
      this.#seen.delete(origin);
      await this.#write(origin, next);
      this.#seen.set(origin, next);
      return result;
    });
    // The next in turn goes on whatever came of this one, which its own caller is told.
    const settled = turn.then(
      () => undefined,
      () => undefined,
    );
    this.#turns.set(origin, settled);
    return turn;
  }

  #file(origin: string): string {
    return join(this.#directory, "logs", `${hash("sha256", origin, "hex")}.json`);
  }

  /** A file that cannot be read is no reason to begin anew: a fork would pass unseen. */
  async #read(origin: string): Promise<Seen> {
    const file = this.#file(origin);
    let text: string;
    try {
      text = await readFile(file, "utf8");
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code === "ENOENT") return { size: 0, root: emptyRoot };
      throw error;
    }
    const damaged = `${file} is damaged; put it back from a copy, or remove it and see that the log was not forked meanwhile.`;
    let value: unknown;
    try {
      value = JSON.parse(text);
    } catch (cause) {
      throw new Error(damaged, { cause });
    }
    const { success, output } = v.safeParse(recordSchema, value);
    if (!success || output.origin !== origin) throw new Error(damaged);
    return { size: output.size, root: Buffer.from(output.root, "base64") };
  }

  async #write(origin: string, { size, root }: Seen): Promise<void> {
    const file = this.#file(origin);
    const text = `${JSON.stringify({ origin, size, root: root.toString("base64") })}\n`;
    // The directory is open all the time, so that an error of its writing back is not lost.
    const directory = await open(dirname(file), "r");
    try {
      await writeDurably(`${file}.new`, text);
      await rename(`${file}.new`, file);
      await directory.sync();
    } finally {
      await directory.close();
    }
  }
}

/** @param mode permissions of a file that is new */
export async function writeDurably(path: string, text: string, mode = 0o600): Promise<void> {
  const file = await open(path, "w", mode);
  try {
    await file.writeFile(text);
    await file.sync();
  } finally {
    await file.close();
  }
}

/**
 * The lock is on the open file, which this process shares with `flock` for a moment: it lasts
 * until the file is closed here, or the process is gone, however it ended.
 */
async function takeLock(path: string): Promise<FileHandle> {
  const file = await open(path, "a", 0o600);
  const child: ChildProcess = spawn("flock", ["--nonblock", "--exclusive", "3"], {
    stdio: ["ignore", "ignore", "ignore", file.fd],
    timeout: 10_000,
  });
  const [code] = await once(child, "exit");
  if (code === 0) return file;
  await file.close();
  throw new Error(`${path} is taken: another witness uses this directory.`);
}
