/**
 * Files of a log, whether they lie in a directory or in a tar archive: a name, and where its bytes
 * are. That is plain data, so that a worker thread can open them too. Reading is synchronous: it
 * happens in a worker or in the command line.
 */
import { closeSync, fstatSync, openSync, readdirSync, readFileSync, readSync } from "node:fs";
import { join } from "node:path";

export interface FileRef {
  /** Path within the log or bundle. */
  path: string;
  /** File of the system that has the bytes. */
  file: string;
  offset: number;
  size: number;
  /** What was in it when it was listed, of files that the agent replaces as a whole. */
  content?: Buffer;
}

/** An open file of the system. */
export class OpenFile {
  readonly #fd: number;
  readonly #ref: FileRef;

  constructor(ref: FileRef) {
    this.#fd = openSync(ref.file, "r");
    this.#ref = ref;
  }

  get size(): number {
    return this.#ref.size;
  }

  /** @returns how many bytes were read; fewer than asked only at the end. */
  read(into: Buffer, at: number, length: number, position: number): number {
    const most = Math.min(length, this.#ref.size - position);
    let done = 0;
    while (done < most) {
      const count = readSync(
        this.#fd,
        into,
        at + done,
        most - done,
        this.#ref.offset + position + done,
      );
      if (count === 0) break;
      done += count;
    }
    return done;
  }

  /** Fewer bytes than asked only at the end of the file. */
  bytes(position: number, length: number): Buffer {
    const buffer = Buffer.allocUnsafe(Math.max(0, Math.min(length, this.#ref.size - position)));
    return buffer.subarray(0, this.read(buffer, 0, buffer.length, position));
  }

  close(): void {
    closeSync(this.#fd);
  }
}

/** @param most what larger files are not read beyond */
export function readWhole(ref: FileRef, most: number = ref.size): Buffer {
  if (ref.content !== undefined) return ref.content.subarray(0, most);
  const file = new OpenFile(ref);
  try {
    return file.bytes(0, Math.min(most, ref.size));
  } finally {
    file.close();
  }
}

const chunkBytes = 1 << 20;

/**
 * Lines of a file with the offset of each. A last line without a newline counts too.
 *
 * @param longest bytes; of a longer line only so many are given
 */
export function* linesOf(
  ref: FileRef,
  longest: number,
): Generator<{ line: Buffer; offset: number; ended: boolean }> {
  const file = new OpenFile(ref);
  try {
    let rest: Buffer = Buffer.alloc(0);
    let offset = 0;
    for (let position = 0; position < ref.size; position += chunkBytes) {
      const bytes = Buffer.concat([rest, file.bytes(position, chunkBytes)]);
      let start = 0;
      for (let end = bytes.indexOf(0x0a); end >= 0; end = bytes.indexOf(0x0a, start)) {
        yield { line: bytes.subarray(start, Math.min(end, start + longest)), offset, ended: true };
        offset += end + 1 - start;
        start = end + 1;
      }
      rest = bytes.subarray(start);
      if (rest.length > longest + chunkBytes) {
        yield { line: rest.subarray(0, longest), offset, ended: false };
        return;
      }
    }
    if (rest.length > 0) yield { line: rest.subarray(0, longest), offset, ended: false };
  } finally {
    file.close();
  }
}

/** What in a log's directory is no part of its evidence. */
const notEvidence = new Set(["key", "index"]);

/** Files that are replaced as a whole, not appended to. */
const replaced = new Set(["checkpoint", "log.json", "witnesses"]);
/**
 * What signs events is listed before the events: while the log is written, checkpoints that were
 * seen then count no events that are not seen.
 */
const listedFirst = [...replaced, "seals"];

/** Regular files below a directory, by their path in it. */
export function filesOfDirectory(directory: string): Map<string, FileRef> {
  const files = new Map<string, FileRef>();
  const walk = (below: string) => {
    const entries = readdirSync(join(directory, below), { withFileTypes: true });
    const rank = ({ name }: { name: string }) =>
      below === "" && listedFirst.includes(name) ? 0 : 1;
    for (const entry of entries.sort((a, b) => rank(a) - rank(b))) {
      const path = below === "" ? entry.name : `${below}/${entry.name}`;
      if (notEvidence.has(path)) continue;
      if (entry.isDirectory()) walk(path);
      else if (entry.isFile()) addFile(files, directory, path);
    }
  };
  walk("");
  return files;
}

function addFile(files: Map<string, FileRef>, directory: string, path: string): void {
  const file = join(directory, path);
  const found = look(file, replaced.has(path));
  if (found !== undefined) files.set(path, { path, file, offset: 0, ...found });
}

/** @returns undefined for a file that was removed since its name was read, as the agent does. */
function look(file: string, whole: boolean): { size: number; content?: Buffer } | undefined {
  try {
    const fd = openSync(file, "r");
    try {
      if (!whole) return { size: fstatSync(fd).size };
      const content = readFileSync(fd);
      return { size: content.length, content };
    } finally {
      closeSync(fd);
    }
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "ENOENT") return undefined;
    throw error;
  }
}
