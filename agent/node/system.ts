/** The machine as files and programs; tests put a directory and recorded answers in its place. */
import { execFile } from "node:child_process";
import { readFileSync } from "node:fs";
import { open, readdir, readlink, stat } from "node:fs/promises";
import { connect } from "node:net";
import { join } from "node:path";

export interface Ran {
  /** Exit code. */
  readonly code: number;
  readonly out: string;
}

const probeMs = 2_000;
const mostOutput = 8 * 1024 * 1024;
const chunkBytes = 16 * 1024;

export class System {
  readonly root: string;

  constructor(root = "/") {
    this.root = root;
  }

  /**
   * @returns the text, or undefined where there is no such file
   * @throws when it may not be read, or has more than 8 MiB
   */
  async read(path: string): Promise<string | undefined> {
    return (await this.bytes(path))?.toString("utf8");
  }

  async bytes(path: string): Promise<Buffer | undefined> {
    return await present(readBounded(join(this.root, path)));
  }

  /** The same of a short file of the kernel, which answers at once: a tenth of the work of {@link read}. */
  peek(path: string): string | undefined {
    try {
      return readFileSync(join(this.root, path), "utf8");
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code === "ENOENT") return undefined;
      throw error;
    }
  }

  /** @returns the names in a directory; none where there is no such directory. */
  async list(path: string): Promise<string[]> {
    return (await present(readdir(join(this.root, path)))) ?? [];
  }

  async exists(path: string): Promise<boolean> {
    return (await present(stat(join(this.root, path)))) !== undefined;
  }

  /** @returns milliseconds since 1970 of the last change, or undefined where there is no file. */
  async changedAt(path: string): Promise<number | undefined> {
    return (await present(stat(join(this.root, path))))?.mtimeMs;
  }

  /** @returns where a symbolic link points, or undefined where there is none. */
  async link(path: string): Promise<string | undefined> {
    return await present(readlink(join(this.root, path)));
  }

  /** @returns undefined when the program is not installed. @throws when it gives no end in 2 s. */
  run(program: string, args: readonly string[]): Promise<Ran | undefined> {
    const options = { timeout: probeMs, maxBuffer: mostOutput, env: quietEnvironment };
    return new Promise((resolve, reject) => {
      execFile(program, [...args], options, (error, out) => {
        if (error === null) return resolve({ code: 0, out });
        if (error.code === "ENOENT") return resolve(undefined);
        if (typeof error.code === "number") return resolve({ code: error.code, out });
        const reason = error.killed ? `no answer within ${probeMs} ms` : error.message;
        reject(new Error(`${program}: ${reason}`));
      });
    });
  }

  /** @returns whether something accepts connections on a unix socket. */
  answers(socketPath: string): Promise<boolean> {
    return new Promise((resolve) => {
      const socket = connect(join(this.root, socketPath));
      const end = (result: boolean) => {
        socket.destroy();
        resolve(result);
      };
      socket.setTimeout(probeMs, () => end(false));
      socket.once("connect", () => end(true));
      // Whatever the reason, nobody accepts connections there.
      socket.once("error", () => end(false));
    });
  }
}

/** Files of the kernel tell no size before they are read. */
async function readBounded(path: string): Promise<Buffer> {
  const file = await open(path);
  try {
    const chunks: Buffer[] = [];
    for (let size = 0; ; ) {
      const { buffer, bytesRead } = await file.read({ buffer: Buffer.alloc(chunkBytes) });
      if (bytesRead === 0) return Buffer.concat(chunks);
      size += bytesRead;
      if (size > mostOutput) throw new Error(`${path} has more than ${mostOutput} bytes`);
      chunks.push(buffer.subarray(0, bytesRead));
    }
  } finally {
    await file.close();
  }
}

const quietEnvironment = { PATH: "/usr/sbin:/usr/bin:/sbin:/bin", LC_ALL: "C.UTF-8" };

async function present<T>(work: Promise<T>): Promise<T | undefined> {
  try {
    return await work;
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    // EINVAL: readlink of what is no link.
    if (code === "ENOENT" || code === "ENOTDIR" || code === "EINVAL") return undefined;
    throw error;
  }
}

/** Gives up after 2 s, so that one slow probe cannot hold up the others. */
export async function bounded<T>(work: Promise<T>, what: string): Promise<T> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<never>((_resolve, reject) => {
    timer = setTimeout(() => reject(new Error(`${what}: no answer within 2 s`)), probeMs + 200);
  });
  try {
    return await Promise.race([work, late]);
  } finally {
    clearTimeout(timer);
  }
}
