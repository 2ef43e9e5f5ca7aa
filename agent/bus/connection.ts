/** One connection to a message bus: calls with a time limit, matches added once, a loud end. */
import { connect as connectSocket, type Socket } from "node:net";
import type { Variant } from "dbus-next/lib/variant.js";
import { frame, type Head, type Incoming, messageTypes, type Outgoing, Unframer } from "./wire.ts";

const driver = "org.freedesktop.DBus";

/** An error reply of another service, or of the bus itself. */
export class BusError extends Error {
  constructor(name: string, message: string) {
    super(message);
    this.name = name;
  }
}

export interface CallTarget {
  destination: string;
  path: string;
  interface: string;
  member: string;
  signature?: string;
  body?: unknown[];
}

export interface Signal {
  sender: string;
  path: string;
  interface: string;
  member: string;
  body: unknown[];
}

interface Waiting {
  resolve(body: unknown[]): void;
  reject(error: Error): void;
  timer: NodeJS.Timeout;
}

/** @returns the path of the system bus's socket. */
export function systemBusPath(environment: NodeJS.ProcessEnv = process.env): string {
  const address = environment.DBUS_SYSTEM_BUS_ADDRESS ?? "unix:path=/run/dbus/system_bus_socket";
  const match = /(?:^|;)unix:(?:[^;]*,)?path=([^,;]+)/.exec(address);
  if (match?.[1] === undefined) throw new Error(`no unix:path= in the bus address ${address}`);
  return decodeURIComponent(match[1]);
}

export class BusConnection {
  /** Unique name of this connection. */
  name = "";
  /** Called for every method call; without it calls are refused. */
  onCall: ((message: Incoming) => void) | undefined;
  readonly #socket: Socket;
  readonly #unframer: Unframer;
  readonly #waiting = new Map<number, Waiting>();
  readonly #listeners = new Map<string, Set<(signal: Signal) => void>>();
  readonly #closeListeners = new Set<(reason: string) => void>();
  #serial = 0;
  #closed: string | undefined;

  private constructor(socket: Socket, maximumBody: number) {
    this.#socket = socket;
    this.#unframer = new Unframer(maximumBody);
  }

  /**
   * @param path socket of the bus.
   * @param maximumBody bytes; longer bodies are never held in memory.
   */
  static async open(path: string, maximumBody = 32 * 1024 * 1024): Promise<BusConnection> {
    const socket = connectSocket(path);
    const rest = await authenticate(socket);
    const connection = new BusConnection(socket, maximumBody);
    socket.on("data", (chunk: Buffer) => connection.#receive(chunk));
    socket.on("error", (error) => connection.#close(error.message));
    socket.on("close", () => connection.#close("the bus closed the connection"));
    if (rest.length > 0) connection.#receive(rest);
    const [name] = await connection.callDriver("Hello");
    connection.name = String(name);
    return connection;
  }

  callDriver(member: string, signature = "", body: unknown[] = []): Promise<unknown[]> {
    const path = "/org/freedesktop/DBus";
    return this.call({ destination: driver, path, interface: driver, member, signature, body });
  }

  /** @throws BusError for an error reply, or one named `…NoReply` when time is over. */
  call(target: CallTarget, timeoutMs = 10_000): Promise<unknown[]> {
    return new Promise((resolve, reject) => {
      const serial = this.#nextSerial();
      const timer = setTimeout(() => {
        this.#waiting.delete(serial);
        const what = `${target.destination} did not answer within ${timeoutMs} ms`;
        reject(new BusError("org.freedesktop.DBus.Error.NoReply", what));
      }, timeoutMs);
      this.#waiting.set(serial, { resolve, reject, timer });
      try {
        this.#write({ type: messageTypes.call, serial, ...target });
      } catch (error) {
        clearTimeout(timer);
        this.#waiting.delete(serial);
        reject(error instanceof Error ? error : new Error(String(error)));
      }
    });
  }

  reply(to: Head, signature: string, body: unknown[]): void {
    this.#write({
      type: messageTypes.return,
      serial: this.#nextSerial(),
      replySerial: to.serial,
      destination: to.sender,
      signature,
      body,
    });
  }

  replyError(to: Head, errorName: string, message: string): void {
    this.#write({
      type: messageTypes.error,
      serial: this.#nextSerial(),
      replySerial: to.serial,
      destination: to.sender,
      errorName,
      signature: "s",
      body: [message],
    });
  }

  emit(path: string, iface: string, member: string, signature: string, body: unknown[]): void {
    const serial = this.#nextSerial();
    this.#write({
      type: messageTypes.signal,
      serial,
      path,
      interface: iface,
      member,
      signature,
      body,
    });
  }

  /** Adds the match on the bus once, however many listeners there are. */
  async subscribe(
    iface: string,
    member: string,
    listener: (signal: Signal) => void,
    extra = "",
  ): Promise<void> {
    const key = `${iface}.${member}`;
    const known = this.#listeners.get(key);
    if (known !== undefined) {
      known.add(listener);
      return;
    }
    this.#listeners.set(key, new Set([listener]));
    const rule = `type='signal',interface='${iface}',member='${member}'${extra}`;
    await this.callDriver("AddMatch", "s", [rule]);
  }

  onClose(listener: (reason: string) => void): void {
    this.#closeListeners.add(listener);
  }

  /** Ends the connection after what was written is sent. */
  end(): void {
    this.#closeListeners.clear();
    this.#socket.end();
    this.#close("closed");
  }

  #nextSerial(): number {
    this.#serial = (this.#serial % 0xffffffff) + 1;
    return this.#serial;
  }

  #write(message: Outgoing): void {
    if (this.#closed !== undefined)
      throw new BusError(`${driver}.Error.Disconnected`, this.#closed);
    this.#socket.write(frame(message));
  }

  #receive(chunk: Buffer): void {
    try {
      for (const message of this.#unframer.push(chunk)) {
        if (message !== undefined) this.#dispatch(message);
      }
    } catch (error) {
      this.#socket.destroy();
      this.#close(error instanceof Error ? error.message : String(error));
    }
  }

  #dispatch(message: Incoming): void {
    const { head } = message;
    if (head.type === messageTypes.call) this.onCall?.(message);
    else if (head.type === messageTypes.signal) this.#signal(message);
    else this.#settle(message);
  }

  #settle(message: Incoming): void {
    const { head } = message;
    const waiting = this.#waiting.get(head.replySerial);
    if (waiting === undefined) return;
    this.#waiting.delete(head.replySerial);
    clearTimeout(waiting.timer);
    try {
      const body = message.body();
      if (head.type === messageTypes.return) waiting.resolve(body);
      else waiting.reject(new BusError(head.errorName, String(body[0] ?? head.errorName)));
    } catch (error) {
      waiting.reject(error instanceof Error ? error : new Error(String(error)));
    }
  }

  #signal(message: Incoming): void {
    const { sender, path, interface: iface, member } = message.head;
    const listeners = this.#listeners.get(`${iface}.${member}`);
    if (listeners === undefined) return;
    let body: unknown[];
    try {
      body = message.body();
    } catch {
      // Anybody may send us a signal; one that cannot be read is nobody's.
      return;
    }
    for (const listener of listeners) listener({ sender, path, interface: iface, member, body });
  }

  #close(reason: string): void {
    if (this.#closed !== undefined) return;
    this.#closed = reason;
    for (const { reject, timer } of this.#waiting.values()) {
      clearTimeout(timer);
      reject(new BusError(`${driver}.Error.Disconnected`, reason));
    }
    this.#waiting.clear();
    for (const listener of this.#closeListeners) listener(reason);
  }
}

/** SASL EXTERNAL: the kernel tells the bus who we are. @returns bytes that came after it. */
function authenticate(socket: Socket): Promise<Buffer> {
  return new Promise((resolve, reject) => {
    let seen = Buffer.alloc(0);
    const fail = (error: Error) => {
      socket.destroy();
      reject(error);
    };
    const timer = setTimeout(() => fail(new Error("the bus did not answer")), 10_000);
    socket.once("error", fail);
    socket.once("close", () => reject(new Error("the bus refused the connection")));
    const onData = (chunk: Buffer) => {
      seen = Buffer.concat([seen, chunk]);
      const end = seen.indexOf("\r\n");
      if (end < 0) return;
      clearTimeout(timer);
      socket.off("data", onData);
      socket.off("error", fail);
      const line = seen.subarray(0, end).toString("latin1");
      if (!line.startsWith("OK ")) {
        fail(new Error(`the bus refused the identity: ${line}`));
        return;
      }
      socket.write("BEGIN\r\n");
      resolve(seen.subarray(end + 2));
    };
    socket.on("data", onData);
    const uid = process.getuid?.() ?? 0;
    socket.write(`\0AUTH EXTERNAL ${Buffer.from(String(uid)).toString("hex")}\r\n`);
  });
}

/** @returns an `a{sv}` without its variants. */
export function plain(dictionary: unknown): Record<string, unknown> {
  const entries = Object.entries((dictionary ?? {}) as Record<string, Variant>);
  return Object.fromEntries(entries.map(([key, variant]) => [key, variant.value]));
}
