/** The way to a TPM: the kernel's device, or the socket of a software TPM. */
import { type FileHandle, open, stat } from "node:fs/promises";
import { connect, type Socket } from "node:net";
import { setTimeout as sleep } from "node:timers/promises";

/** Larger than any reply of a TPM 2.0 (the kernel's buffer has 4096 bytes). */
const maximumReply = 8192;
const headerBytes = 10;
const connectMs = 5_000;
/** Between two tries, in milliseconds. */
const busyMs = 20;

/** The TPM cannot be reached or does not answer; the message says what to do. */
export class TpmUnreachable extends Error {}

export interface Transport {
  /** True where the kernel frees what a client leaves in the TPM when it goes. */
  readonly managed: boolean;
  /**
   * Sends one command; the caller waits for the reply before the next.
   * @throws TpmUnreachable, after which the transport is of no more use
   */
  send(command: Buffer, timeoutMs: number): Promise<Buffer>;
  close(): Promise<void>;
}

/**
 * @param path of a character device with the kernel's resource manager, or of a unix socket
 * @throws TpmUnreachable
 */
export async function openTransport(path: string): Promise<Transport> {
  try {
    const found = await stat(path);
    if (found.isCharacterDevice()) return new Device(path, await open(path, "r+"));
    if (found.isSocket()) return new Stream(path, await connected(path));
  } catch (cause) {
    throw new TpmUnreachable(`The TPM at ${path} cannot be opened (${codeOf(cause)}).`, { cause });
  }
  throw new TpmUnreachable(`${path} is neither a TPM's device nor a socket.`);
}

function codeOf(error: unknown): string {
  if (!(error instanceof Error)) return String(error);
  return "code" in error ? String(error.code) : error.message;
}

/** A write is a command, the read after it the reply; the kernel waits for the TPM. */
class Device implements Transport {
  readonly managed = true;
  readonly #path: string;
  readonly #file: FileHandle;
  /** Settles when no call into the kernel is under way. */
  #idle: Promise<unknown> = Promise.resolve();

  constructor(path: string, file: FileHandle) {
    this.#path = path;
    this.#file = file;
  }

  async send(command: Buffer, timeoutMs: number): Promise<Buffer> {
    const exchange = this.#exchange(command);
    this.#idle = exchange.catch(() => undefined); // whoever awaits the exchange hears of it
    return await within(exchange, timeoutMs, this.#path);
  }

  async #exchange(command: Buffer): Promise<Buffer> {
    const buffer = Buffer.alloc(maximumReply);
    try {
      await this.#file.write(command, 0, command.length);
      const { bytesRead } = await this.#file.read(buffer, 0, maximumReply, null);
      return buffer.subarray(0, bytesRead);
    } catch (cause) {
      const message = `The TPM at ${this.#path} failed (${codeOf(cause)}).`;
      throw new TpmUnreachable(message, { cause });
    }
  }

  /** Waits for a call under way: a descriptor that is in use must not be closed. */
  async close(): Promise<void> {
    await this.#idle;
    await this.#file.close();
  }
}

/** swtpm speaks commands and replies as they are over its data socket. */
class Stream implements Transport {
  readonly managed = false;
  readonly #path: string;
  readonly #socket: Socket;
  #received = Buffer.alloc(0);
  #problem: TpmUnreachable | undefined;
  #wake: () => void = () => undefined;

  constructor(path: string, socket: Socket) {
    this.#path = path;
    this.#socket = socket;
    socket.on("data", (chunk) => {
      this.#received = Buffer.concat([this.#received, chunk]);
      if (this.#received.length > maximumReply) this.#fail("sent more than was asked");
      this.#wake();
    });
    socket.on("error", (error) => this.#fail(`failed (${codeOf(error)})`));
    socket.on("close", () => this.#fail("closed the connection"));
  }

  async send(command: Buffer, timeoutMs: number): Promise<Buffer> {
    if (this.#received.length > 0) this.#fail("sent what nobody asked for");
    this.#socket.write(command);
    try {
      return await within(this.#reply(), timeoutMs, this.#path);
    } catch (error) {
      this.#socket.destroy();
      throw error;
    }
  }

  async #reply(): Promise<Buffer> {
    for (;;) {
      if (this.#problem !== undefined) throw this.#problem;
      const have = this.#received.length;
      const size = have < headerBytes ? Number.POSITIVE_INFINITY : this.#received.readUInt32BE(2);
      if (have >= size) {
        const reply = this.#received;
        this.#received = Buffer.alloc(0);
        return reply;
      }
      await new Promise<void>((resolve) => {
        this.#wake = resolve;
      });
    }
  }

  #fail(what: string): void {
    this.#problem ??= new TpmUnreachable(`The TPM at ${this.#path} ${what}.`);
    this.#wake();
  }

  async close(): Promise<void> {
    this.#socket.destroy();
  }
}

/** A software TPM serves one at a time and keeps one more waiting; who comes then tries again. */
async function connected(path: string): Promise<Socket> {
  const until = Date.now() + connectMs;
  for (;;) {
    try {
      return await connectedOnce(path);
    } catch (error) {
      const busy = (error as NodeJS.ErrnoException).code === "EAGAIN";
      if (!busy || Date.now() > until) throw error;
      await sleep(busyMs);
    }
  }
}

function connectedOnce(path: string): Promise<Socket> {
  return new Promise((resolve, reject) => {
    const socket = connect({ path });
    const timer = setTimeout(
      () => socket.destroy(new Error(`no connection within ${connectMs / 1000} s`)),
      connectMs,
    );
    const failed = (error: Error) => {
      clearTimeout(timer);
      reject(error);
    };
    socket.once("error", failed);
    socket.once("connect", () => {
      clearTimeout(timer);
      socket.off("error", failed);
      resolve(socket);
    });
  });
}

async function within(reply: Promise<Buffer>, timeoutMs: number, path: string): Promise<Buffer> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<never>((_, reject) => {
    const problem = `The TPM at ${path} did not answer within ${timeoutMs / 1000} s.`;
    timer = setTimeout(() => reject(new TpmUnreachable(problem)), timeoutMs);
  });
  return await Promise.race([reply, late]).finally(() => clearTimeout(timer));
}
