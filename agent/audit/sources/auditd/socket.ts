/**
 * Client of the socket that auditd's plugin af_unix opens. It serves one client only, and drops
 * records when that one is slow or away; the serial numbers tell.
 */
import { connect, type Socket } from "node:net";

export interface SocketListener {
  /** Return true to have no more for now. */
  data(chunk: Buffer): boolean;
  connected(): void;
  /** Told once for each time that it is gone. */
  lost(reason: string): void;
}

const firstRetryMs = 250;
const lastRetryMs = 10_000;

export class PluginSocket {
  readonly #path: string;
  readonly #listener: SocketListener;
  #socket: Socket | undefined;
  #timer: NodeJS.Timeout | undefined;
  #retryMs = firstRetryMs;
  #told = false;
  #stopped = true;

  constructor(path: string, listener: SocketListener) {
    this.#path = path;
    this.#listener = listener;
  }

  start(): void {
    this.#stopped = false;
    this.#connect();
  }

  stop(): void {
    this.#stopped = true;
    clearTimeout(this.#timer);
    this.#socket?.destroy();
  }

  resume(): void {
    this.#socket?.resume();
  }

  #connect(): void {
    const socket = connect(this.#path);
    this.#socket = socket;
    let reason = "auditd closed the connection";
    socket.on("connect", () => {
      this.#retryMs = firstRetryMs;
      this.#told = false;
      this.#listener.connected();
    });
    socket.on("data", (chunk) => {
      if (this.#listener.data(chunk)) socket.pause();
    });
    socket.on("error", (error) => {
      reason = error.message;
    });
    socket.on("close", () => {
      if (this.#stopped) return;
      if (!this.#told) this.#listener.lost(reason);
      this.#told = true;
      this.#timer = setTimeout(() => this.#connect(), this.#retryMs);
      this.#timer.unref();
      this.#retryMs = Math.min(this.#retryMs * 2, lastRetryMs);
    });
  }
}
