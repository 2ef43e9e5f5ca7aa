/** A file to be copied, opened once, so that what is hashed and what is sent are the same. */
import { createHash, getFips } from "node:crypto";
import { type FileHandle, open } from "node:fs/promises";
import { Readable } from "node:stream";

export interface Content {
  readonly bytes: number;
  /** Hexadecimal. */
  readonly sha256: string;
  /** Hexadecimal; undefined where the machine's policy (FIPS) forbids it. */
  readonly md5: string | undefined;
  /** From the beginning, each time. */
  stream(): Readable;
  close(): Promise<void>;
}

const step = 256 * 1024;

/** @throws ENOENT among others, as `fs` does. */
export async function openContent(path: string): Promise<Content> {
  const file = await open(path, "r");
  try {
    const { size: bytes } = await file.stat();
    const stream = () => Readable.from(chunksOf(file, bytes), { objectMode: false });
    const sha256 = createHash("sha256");
    const md5 = getFips() === 0 ? createHash("md5") : undefined;
    for await (const chunk of stream()) {
      sha256.update(chunk);
      md5?.update(chunk);
    }
    return {
      bytes,
      sha256: sha256.digest("hex"),
      md5: md5?.digest("hex"),
      stream,
      close: () => file.close(),
    };
  } catch (error) {
    await file.close();
    throw error;
  }
}

/** What is appended meanwhile is not read. A stream of the handle's own would not let go of it. */
async function* chunksOf(file: FileHandle, bytes: number): AsyncGenerator<Buffer> {
  for (let position = 0; position < bytes; ) {
    const chunk = Buffer.alloc(Math.min(step, bytes - position));
    const { bytesRead } = await file.read(chunk, 0, chunk.length, position);
    if (bytesRead === 0) throw new Error("the file became shorter while it was read");
    position += bytesRead;
    yield chunk.subarray(0, bytesRead);
  }
}
