/** Writes a tar archive file by file, with the hash of each, without holding up the event loop. */
import { createHash } from "node:crypto";
import { constants, type FileHandle, open, rm } from "node:fs/promises";
import { blockBytes, paddingAfter, tarHeader } from "./tar.ts";

const chunkBytes = 1 << 20;
const recordBytes = 20 * blockBytes;

/** A part of a file of the system. */
export interface Source {
  file: string;
  size: number;
}

export interface WriterOptions {
  /** Seconds since 1970, of all files in it. */
  mtime: number;
  signal?: AbortSignal | undefined;
  /** Hears how many bytes were written so far. */
  onBytes?: ((bytes: number) => void) | undefined;
}

export class TarWriter {
  /** Hexadecimal SHA-256 of each file, by its path. */
  readonly digests: Record<string, string> = {};
  readonly #target: string;
  readonly #file: FileHandle;
  readonly #options: WriterOptions;
  #written = 0;

  private constructor(target: string, file: FileHandle, options: WriterOptions) {
    this.#target = target;
    this.#file = file;
    this.#options = options;
  }

  /** @throws Error of the file system: the target must not be there yet. */
  static async create(target: string, options: WriterOptions): Promise<TarWriter> {
    const { O_WRONLY, O_CREAT, O_EXCL, O_NOFOLLOW } = constants;
    const file = await open(target, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW, 0o600);
    return new TarWriter(target, file, options);
  }

  get bytes(): number {
    return this.#written;
  }

  async add(path: string, content: Buffer | Source): Promise<void> {
    const size = Buffer.isBuffer(content) ? content.length : content.size;
    const digest = createHash("sha256");
    await this.#write(tarHeader(path, size, this.#options.mtime));
    for await (const bytes of Buffer.isBuffer(content) ? [content] : chunksOf(content)) {
      digest.update(bytes);
      await this.#write(bytes);
    }
    await this.#write(Buffer.alloc(paddingAfter(size)));
    this.digests[path] = digest.digest("hex");
  }

  async #write(bytes: Buffer): Promise<void> {
    this.#options.signal?.throwIfAborted();
    for (let done = 0; done < bytes.length; ) {
      const { bytesWritten } = await this.#file.write(bytes, done);
      done += bytesWritten;
    }
    this.#written += bytes.length;
    this.#options.onBytes?.(this.#written);
  }

  /** The archive is on the disk when this resolves. */
  async finish(): Promise<void> {
    const end = this.#written + 2 * blockBytes;
    const padding = (recordBytes - (end % recordBytes)) % recordBytes;
    await this.#write(Buffer.alloc(2 * blockBytes + padding));
    await this.#file.sync();
    await this.#file.close();
  }

  /** Removes what was written. */
  async abandon(): Promise<void> {
    await this.#file.close();
    await rm(this.#target, { force: true });
  }
}

async function* chunksOf({ file, size }: Source): AsyncGenerator<Buffer> {
  const handle = await open(file, constants.O_RDONLY | constants.O_NOFOLLOW);
  try {
    for (let position = 0; position < size; ) {
      const buffer = Buffer.allocUnsafe(Math.min(chunkBytes, size - position));
      const { bytesRead } = await handle.read(buffer, 0, buffer.length, position);
      if (bytesRead === 0) throw new Error(`${file} became shorter while it was copied`);
      position += bytesRead;
      yield buffer.subarray(0, bytesRead);
    }
  } finally {
    await handle.close();
  }
}

/** A bundle is there as a whole or not at all. */
export async function writeTar(
  target: string,
  options: WriterOptions,
  fill: (writer: TarWriter) => Promise<void>,
): Promise<number> {
  const writer = await TarWriter.create(target, options);
  try {
    await fill(writer);
    await writer.finish();
  } catch (error) {
    await writer.abandon();
    throw error;
  }
  return writer.bytes;
}
