/**
 * The files `seals/<date>.jsonl`: a line for each checkpoint, on the disk before anybody is told.
 * What was not acknowledged is cut off again before the next line.
 */
import { hash } from "node:crypto";
import { constants, type FileHandle, mkdir, open, readdir } from "node:fs/promises";
import { join } from "node:path";
import * as v from "valibot";
import { sealTpmSchema } from "../../tpm/evidence.ts";
import { canonical } from "../canonical.ts";
import { syncDirectory } from "./files.ts";

const sealSchema = v.strictObject({
  checkpoint: v.string(),
  time: v.pipe(v.string(), v.isoTimestamp()),
  chain: v.string(),
  tpm: v.optional(sealTpmSchema),
});

export type Seal = v.InferOutput<typeof sealSchema>;

const namePattern = /^\d{4}-\d{2}-\d{2}\.jsonl$/;
/** Longer than any line: notes are small, and so are attestations. */
const longestLine = 1024 * 1024;
const chunkBytes = 64 * 1024;

export interface Tail {
  last: Seal | undefined;
  /** The last one with `tpm`. */
  lastTpm: Seal | undefined;
  /** What a crash left of a line and was cut off. */
  cut: { file: string; bytes: number; sha3: string } | undefined;
}

export class SealsFile {
  readonly #directory: string;
  #file: FileHandle | undefined;
  #name = "";
  /** Bytes of the file that are whole lines. */
  #whole = 0;
  #turn: Promise<unknown> = Promise.resolve();

  constructor(directory: string) {
    this.#directory = join(directory, "seals");
  }

  /** Opens the newest file, after what a crash left at its end was cut off. */
  async open(): Promise<Tail> {
    await this.#letGo();
    await mkdir(this.#directory, { recursive: true, mode: 0o700 });
    const names = (await readdir(this.#directory)).filter((name) => namePattern.test(name)).sort();
    this.#name = names.at(-1) ?? "";
    let cut: Tail["cut"];
    if (this.#name !== "") {
      const file = await this.#reopen();
      const { size } = await file.stat();
      this.#whole = await endOfWhole(file, size);
      if (this.#whole < size) cut = await this.#cut(file, size);
    }
    let last: Seal | undefined;
    for (const name of names.reverse()) {
      const file = await open(join(this.#directory, name), constants.O_RDONLY);
      try {
        const { size } = await file.stat();
        for await (const { text } of linesBackwards(file, size)) {
          const seal = parseSeal(text);
          last ??= seal;
          if (seal?.tpm !== undefined) return { last, lastTpm: seal, cut };
        }
      } finally {
        await file.close();
      }
    }
    return { last, lastTpm: undefined, cut };
  }

  /** @throws Error of the file system; the line is not there then. */
  async append(seal: Seal): Promise<void> {
    const turn = this.#turn.then(() => this.#append(seal));
    this.#turn = turn.catch(() => undefined); // told to whoever appends
    await turn;
  }

  async #append(seal: Seal): Promise<void> {
    const name = `${seal.time.slice(0, 10)}.jsonl`;
    const line = Buffer.from(`${canonical(seal)}\n`);
    // When the clock was set back, the newest file goes on: its name orders the lines.
    if (name > this.#name) await this.#begin(name);
    const file = this.#file ?? (await this.#repair());
    try {
      await file.writeFile(line);
      await file.datasync();
    } catch (error) {
      await this.#letGo();
      throw error;
    }
    this.#whole += line.length;
  }

  async #begin(name: string): Promise<void> {
    // Before that file is left, it must end in a whole line.
    if (this.#name !== "" && this.#file === undefined) await this.#repair();
    await this.#letGo();
    this.#name = name;
    this.#whole = 0;
    await this.#reopen();
    await syncDirectory(this.#directory);
  }

  async #reopen(): Promise<FileHandle> {
    const { O_RDWR, O_APPEND, O_CREAT, O_NOFOLLOW } = constants;
    const flags = O_RDWR | O_APPEND | O_CREAT | O_NOFOLLOW;
    this.#file = await open(join(this.#directory, this.#name), flags, 0o600);
    return this.#file;
  }

  /** After a failure: what is behind the last acknowledged line goes. */
  async #repair(): Promise<FileHandle> {
    const file = await this.#reopen();
    try {
      await file.truncate(this.#whole);
      await file.sync();
    } catch (error) {
      await this.#letGo();
      throw error;
    }
    return file;
  }

  async #cut(file: FileHandle, size: number): Promise<Tail["cut"]> {
    const bytes = await readAt(file, this.#whole, Math.min(size - this.#whole, longestLine));
    await file.truncate(this.#whole);
    await file.sync();
    const sha3 = hash("sha3-512", bytes);
    return { file: this.#name, bytes: size - this.#whole, sha3 };
  }

  async #letGo(): Promise<void> {
    const file = this.#file;
    this.#file = undefined;
    await file?.close();
  }

  async close(): Promise<void> {
    await this.#turn;
    await this.#letGo();
  }
}

/** @returns undefined for what is no line of seals. */
function parseSeal(text: string): Seal | undefined {
  try {
    const result = v.safeParse(sealSchema, JSON.parse(text));
    return result.success ? result.output : undefined;
  } catch {
    return undefined; // not JSON
  }
}

/** @returns where the last whole line ends; only the last one can be torn. */
async function endOfWhole(file: FileHandle, size: number): Promise<number> {
  for await (const { text, start } of linesBackwards(file, size)) {
    return text.endsWith("\n") && parseSeal(text) !== undefined ? size : start;
  }
  return 0;
}

/** Lines from the last to the first, with their newlines, which the last may lack. */
async function* linesBackwards(
  file: FileHandle,
  size: number,
): AsyncGenerator<{ text: string; start: number }> {
  let rest = Buffer.alloc(0);
  for (let at = size; at > 0; ) {
    const count = Math.min(chunkBytes, at);
    at -= count;
    rest = Buffer.concat([await readAt(file, at, count), rest]);
    for (;;) {
      // The newline of the line before.
      const newline = rest.lastIndexOf(0x0a, rest.length - 2);
      if (rest.length < 2 || newline < 0) break;
      const line = rest.subarray(newline + 1);
      yield { text: line.toString("utf8"), start: at + newline + 1 };
      rest = rest.subarray(0, newline + 1);
    }
    if (rest.length > longestLine) throw new Error("a line of seals is longer than 1 MiB");
  }
  if (rest.length > 0) yield { text: rest.toString("utf8"), start: 0 };
}

async function readAt(file: FileHandle, at: number, count: number): Promise<Buffer> {
  const bytes = Buffer.alloc(count);
  for (let done = 0; done < count; ) {
    const { bytesRead } = await file.read(bytes, done, count - done, at + done);
    if (bytesRead === 0) throw new Error("a file of seals became shorter while it was read");
    done += bytesRead;
  }
  return bytes;
}
