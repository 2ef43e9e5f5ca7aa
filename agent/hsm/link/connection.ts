/** A connection to a driver's socket, made again whenever it ends. */
import { createConnection, type Socket } from "node:net";
import { type Reader, Writer } from "../driver/wire/buffers.ts";
import { FrameReader } from "../driver/wire/frames.ts";

const longestWaitMs = 2000;
/** A keeper says how things are at once, however long its host takes. */
const silentMs = 5000;

export interface ConnectionEvents {
  frame(frame: Reader): void;
  /** @param why empty when the other end closed it */
  lost(why: string): void;
  /** Somebody holds the socket, and nobody says anything. */
  silent(): void;
  /** The other end sent what is no frame of ours. */
  invalid(why: string): void;
}

export class Connection {
  readonly #path: string;
  readonly #events: ConnectionEvents;
  #socket: Socket | undefined;
  #out = new Writer();
  #frames = new FrameReader();
  #flushing = false;
  #failures = 0;
  #silence: NodeJS.Timeout | undefined;
  #timer: NodeJS.Timeout | undefined;
  #closed = false;

  constructor(path: string, events: ConnectionEvents) {
    this.#path = path;
    this.#events = events;
    this.#connect();
  }

  #connect(): void {
    const socket = createConnection(this.#path);
    this.#socket = socket;
    this.#frames = new FrameReader();
    this.#out = new Writer();
    let why = "";
    socket.on("connect", () => {
      this.#failures = 0;
      this.#silence = setTimeout(() => this.#events.silent(), silentMs);
    });
    socket.on("data", (chunk: Buffer) => {
      clearTimeout(this.#silence);
      try {
        this.#frames.push(chunk, (frame) => this.#events.frame(frame));
      } catch (error) {
        this.#events.invalid(error instanceof Error ? error.message : String(error));
        socket.destroy();
      }
    });
    socket.on("error", (error) => {
      why = error.message;
    });
    socket.once("close", () => this.#lost(why));
  }

  #lost(why: string): void {
    this.#socket = undefined;
    clearTimeout(this.#silence);
    if (this.#closed) return;
    this.#events.lost(why);
    const wait = this.#failures === 0 ? 0 : Math.min(50 * 2 ** this.#failures, longestWaitMs);
    this.#failures += 1;
    this.#timer = setTimeout(() => this.#connect(), wait);
  }

  /** To be written to; what is there at the end of this turn goes out in one piece. */
  get out(): Writer {
    if (!this.#flushing) {
      this.#flushing = true;
      setImmediate(() => this.#flush());
    }
    return this.#out;
  }

  #flush(): void {
    this.#flushing = false;
    if (this.#out.length === 0) return;
    const written = this.#out.take();
    this.#socket?.write(written, () => written.fill(0));
  }

  /** Ends it, and makes another. */
  drop(): void {
    this.#socket?.destroy();
  }

  close(): void {
    this.#closed = true;
    clearTimeout(this.#timer);
    clearTimeout(this.#silence);
    this.#socket?.destroy();
  }
}
