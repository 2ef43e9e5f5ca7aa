/**
 * Lifecycle events of Incus over a WebSocket, connected again with back-off. Events that happened
 * while it was away are lost, so whoever keeps a view hears `back` and loads it again.
 */
import WebSocket from "ws";

export interface IncusEvent {
  /** For example `instance-started` or `project-updated`. */
  action: string;
  project: string;
  /** Path of what it is about, for example `/1.0/instances/web`. */
  source: string;
  /** When Incus says that it happened, as Incus writes it; empty when it does not say. */
  time: string;
  /** Cluster member; empty outside of a cluster. */
  location: string;
  /** Who asked for it, as Incus knows them; undefined for what happens by itself. */
  requestor: { username: string; protocol: string; address: string } | undefined;
  /** What Incus adds, for example the new name. */
  context: Record<string, unknown>;
}

export interface EventListener {
  event(event: IncusEvent): void;
  /** The stream was connected, for the first time or again: load what may have changed. */
  back(): void;
  /** Told once for each time that the stream is gone. */
  lost(reason: string): void;
}

export interface EventTiming {
  pingMs: number;
  firstRetryMs: number;
  lastRetryMs: number;
}

const usual: EventTiming = { pingMs: 15_000, firstRetryMs: 250, lastRetryMs: 10_000 };
const maxEventBytes = 1024 * 1024;

export class IncusEvents {
  readonly #url: string;
  readonly #listener: EventListener;
  readonly #timing: EventTiming;
  #socket: WebSocket | undefined;
  #timer: NodeJS.Timeout | undefined;
  #retryMs: number;
  #stopped = true;
  #isLost = false;

  constructor(socketPath: string, listener: EventListener, timing: EventTiming = usual) {
    this.#url = `ws+unix://${socketPath}:/1.0/events?type=lifecycle&all-projects=true`;
    this.#listener = listener;
    this.#timing = timing;
    this.#retryMs = timing.firstRetryMs;
  }

  start(): void {
    if (!this.#stopped) return;
    this.#stopped = false;
    this.#connect();
  }

  stop(): void {
    this.#stopped = true;
    clearTimeout(this.#timer);
    this.#socket?.terminate();
    this.#socket = undefined;
  }

  #connect(): void {
    const socket = new WebSocket(this.#url, {
      handshakeTimeout: 10_000,
      maxPayload: maxEventBytes,
      perMessageDeflate: false,
    });
    this.#socket = socket;
    let heard = true;
    let reason = "the connection ended";
    const ping = setInterval(() => {
      // A daemon that hangs keeps the socket open; only a missing answer tells.
      if (!heard) {
        reason = "no answer to a ping";
        socket.terminate();
        return;
      }
      heard = false;
      if (socket.readyState === WebSocket.OPEN) socket.ping();
    }, this.#timing.pingMs);
    ping.unref();
    socket.on("open", () => {
      this.#retryMs = this.#timing.firstRetryMs;
      this.#isLost = false;
      this.#listener.back();
    });
    socket.on("pong", () => {
      heard = true;
    });
    socket.on("message", (data) => {
      heard = true;
      const event = parseEvent(String(data));
      if (event !== undefined) this.#listener.event(event);
    });
    socket.on("error", (error) => {
      reason = error.message;
    });
    socket.on("close", () => {
      clearInterval(ping);
      if (this.#stopped) return;
      if (!this.#isLost) {
        this.#isLost = true;
        this.#listener.lost(reason);
      }
      this.#timer = setTimeout(() => this.#connect(), this.#retryMs);
      this.#timer.unref();
      this.#retryMs = Math.min(this.#retryMs * 2, this.#timing.lastRetryMs);
    });
  }
}

/** @returns undefined for what is no lifecycle event. */
export function parseEvent(json: string): IncusEvent | undefined {
  let value: unknown;
  try {
    value = JSON.parse(json);
  } catch {
    return undefined; // Not JSON, so not an event; nothing depends on it.
  }
  if (typeof value !== "object" || value === null || !("metadata" in value)) return undefined;
  const metadata = value.metadata;
  if (typeof metadata !== "object" || metadata === null) return undefined;
  const { action, source, requestor, context } = metadata as Record<string, unknown>;
  if (typeof action !== "string" || typeof source !== "string") return undefined;
  const outer = value as Record<string, unknown>;
  const [path = "", query = ""] = source.split("?");
  const project = text(outer.project) || new URLSearchParams(query).get("project") || "default";
  return {
    action,
    project,
    source: path,
    time: text(outer.timestamp),
    location: text(outer.location),
    requestor: requestorOf(requestor),
    context: isRecord(context) ? context : {},
  };
}

const text = (value: unknown) => (typeof value === "string" ? value : "");

const isRecord = (value: unknown): value is Record<string, unknown> =>
  typeof value === "object" && value !== null && !Array.isArray(value);

function requestorOf(value: unknown): IncusEvent["requestor"] {
  if (!isRecord(value)) return undefined;
  const { username, protocol, address } = value;
  return { username: text(username), protocol: text(protocol), address: text(address) };
}
