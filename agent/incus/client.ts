/**
 * Incus over its unix socket: plain HTTP with JSON, kept-alive connections, a time limit for each
 * request and a bounded answer. Every failure leaves as a DsecosError.
 */
import { Agent, type IncomingMessage, request } from "node:http";
import type { Readable } from "node:stream";
import { DsecosError } from "../bus/errors.ts";
import { errorOfAnswer, errorOfConnection, type RefusalContext } from "./errors.ts";

export interface RequestOptions {
  /** Incus project; Incus takes `default` when there is none. */
  project?: string | undefined;
  query?: Record<string, string>;
  /** Limit for the whole request in milliseconds. */
  timeoutMs?: number;
  /** Largest answer in bytes. */
  maxBytes?: number;
  headers?: Record<string, string>;
  signal?: AbortSignal | undefined;
  /** Uses connections apart, so that long polls never keep a short question waiting. */
  longPoll?: boolean;
}

/** What Incus answers; `operation` is the path of background work, empty for a finished request. */
export interface Answer<T = unknown> {
  metadata: T;
  operation: string;
  etag: string;
}

interface Envelope {
  type: "sync" | "async" | "error";
  metadata: unknown;
  operation: string;
  error: string;
  error_code: number;
}

interface RawAnswer {
  status: number;
  headers: IncomingMessage["headers"];
  text: string;
}

/** The other end had closed a kept connection before it took the request. */
class StaleConnection extends DsecosError {}

type Method = "GET" | "POST" | "PUT" | "PATCH" | "DELETE";

export const defaultTimeoutMs = 10_000;
const defaultMaxBytes = 64 * 1024 * 1024;

/** Builds a path of the API from parts that may hold anything. */
export function apiPath(...parts: string[]): string {
  return `/1.0/${parts.map((part) => encodeURIComponent(part)).join("/")}`;
}

export class IncusClient {
  readonly socketPath: string;
  readonly #short = new Agent({ keepAlive: true, maxSockets: 12, keepAliveMsecs: 30_000 });
  readonly #long = new Agent({ keepAlive: true, maxSockets: 64, keepAliveMsecs: 30_000 });

  constructor(socketPath: string) {
    this.socketPath = socketPath;
  }

  close(): void {
    this.#short.destroy();
    this.#long.destroy();
  }

  async get<T>(path: string, options: RequestOptions = {}): Promise<T> {
    return (await this.send<T>("GET", path, undefined, options)).metadata;
  }

  /** @param body JSON value, or a stream that is sent as it is. */
  async send<T = unknown>(
    method: Method,
    path: string,
    body?: object | Readable,
    options: RequestOptions = {},
  ): Promise<Answer<T>> {
    const { status, headers, text } = await this.#ask(method, path, body, options);
    const envelope = parseEnvelope(text, status);
    if (envelope.type === "error" || status >= 400) {
      throw errorOfAnswer(envelope.error, envelope.error_code || status, contextOf(path, options));
    }
    const operation = typeof envelope.operation === "string" ? envelope.operation : "";
    return { metadata: envelope.metadata as T, operation, etag: headers.etag ?? "" };
  }

  /** The answer as text, for the few paths that do not speak JSON. */
  async text(path: string, options: RequestOptions = {}): Promise<string> {
    const { status, text } = await this.#ask("GET", path, undefined, options);
    if (status < 400) return text;
    const envelope = parseEnvelope(text, status);
    throw errorOfAnswer(envelope.error, envelope.error_code || status, contextOf(path, options));
  }

  /** A kept connection may have been closed at the other end just now: a question is asked again. */
  async #ask(
    method: Method,
    path: string,
    body: object | Readable | undefined,
    options: RequestOptions,
  ): Promise<RawAnswer> {
    try {
      return await this.#raw(method, path, body, options);
    } catch (error) {
      const asked = method === "GET" || path === "/internal/sql";
      if (!asked || !(error instanceof StaleConnection)) throw error;
      return this.#raw(method, path, body, options);
    }
  }

  #raw(
    method: Method,
    path: string,
    body: object | Readable | undefined,
    options: RequestOptions,
  ): Promise<RawAnswer> {
    const { timeoutMs = defaultTimeoutMs, maxBytes = defaultMaxBytes } = options;
    return new Promise((resolve, reject) => {
      const payload = body === undefined || isStream(body) ? undefined : JSON.stringify(body);
      const outgoing = request({
        socketPath: this.socketPath,
        agent: options.longPoll ? this.#long : this.#short,
        method,
        path: withQuery(path, options),
        headers: {
          Host: "incus",
          ...(payload === undefined
            ? {}
            : {
                "Content-Type": "application/json",
                "Content-Length": String(Buffer.byteLength(payload)),
              }),
          ...options.headers,
        },
      });
      const stop = (error: Error) => {
        fail(error);
        // Without the error, which a connection that was just given back would throw at nobody.
        outgoing.destroy();
      };
      const timer = setTimeout(
        () =>
          stop(
            new DsecosError(
              "Timeout",
              `Incus did not answer within ${Math.round(timeoutMs / 1000)} s; look at its load and try again.`,
            ),
          ),
        timeoutMs,
      );
      const aborted = () =>
        stop(new DsecosError("Timeout", "The call's time was over; try again."));
      options.signal?.addEventListener("abort", aborted, { once: true });
      const settle = () => {
        clearTimeout(timer);
        options.signal?.removeEventListener("abort", aborted);
      };
      const fail = (error: Error) => {
        settle();
        const failure = errorOfConnection(error, this.socketPath);
        const stale = outgoing.reusedSocket && "code" in error && error.code === "ECONNRESET";
        reject(stale ? new StaleConnection(failure.code, failure.message) : failure);
      };
      outgoing.on("error", fail);
      outgoing.on("response", (incoming) => {
        const chunks: Buffer[] = [];
        let size = 0;
        incoming.on("data", (chunk: Buffer) => {
          size += chunk.length;
          if (size > maxBytes) {
            stop(
              new DsecosError("Unavailable", "Incus answered more than expected; ask for less."),
            );
          } else chunks.push(chunk);
        });
        incoming.on("error", fail);
        incoming.on("end", () => {
          settle();
          const text = Buffer.concat(chunks, size).toString("utf8");
          resolve({ status: incoming.statusCode ?? 0, headers: incoming.headers, text });
        });
      });
      if (options.signal?.aborted) aborted();
      if (isStream(body)) {
        body.on("error", stop);
        body.pipe(outgoing);
      } else outgoing.end(payload);
    });
  }
}

function isStream(body: object | undefined): body is Readable {
  return body !== undefined && "pipe" in body;
}

function withQuery(path: string, options: RequestOptions): string {
  const query = new URLSearchParams(options.query);
  if (options.project !== undefined) query.set("project", options.project);
  const text = query.toString();
  return text === "" ? path : `${path}?${text}`;
}

function contextOf(path: string, options: RequestOptions): RefusalContext {
  return { path, project: options.project };
}

function parseEnvelope(text: string, status: number): Envelope {
  try {
    const value: unknown = JSON.parse(text);
    if (typeof value === "object" && value !== null && "type" in value) return value as Envelope;
  } catch (error) {
    throw new DsecosError(
      "Unavailable",
      `Incus answered with status ${status} and no JSON; look at its log (journalctl -u incus).`,
      { cause: error },
    );
  }
  throw new DsecosError(
    "Unavailable",
    `Incus answered with status ${status} in an unknown form; look at its log (journalctl -u incus).`,
  );
}
