/**
 * Requests to machines outside: HTTP, HTTPS or HTTP over a unix socket, with a time limit and a
 * bounded reply. What fails leaves as an Unreachable with a sentence that names the address and
 * says what to do, and never a header.
 */
import { readFileSync } from "node:fs";
import { Agent as HttpAgent, request as httpRequest, type IncomingMessage } from "node:http";
import { Agent as HttpsAgent, request as httpsRequest } from "node:https";
import type { Readable } from "node:stream";
import { pipeline } from "node:stream";
import * as v from "valibot";

/** `http://…`, `https://…` with an optional path, or `unix:/path`. */
export const remoteUrlSchema = v.pipe(
  v.string(),
  v.regex(
    /^(https?:\/\/[^/?#@\s]+(\/[^?#\s]*)?|unix:\/[^?#]+)$/,
    "must be an http or https address without a name in it, or unix:/path",
  ),
);

export class Unreachable extends Error {
  override name = "Unreachable";
}

export interface RemoteRequest {
  method: "DELETE" | "GET" | "HEAD" | "POST" | "PUT";
  /** Below the address, percent-encoded, with a query where there is one. */
  path: string;
  headers?: Record<string, string>;
  body?: string | Readable;
  signal?: AbortSignal | undefined;
  /** For the whole request; 10 s unless told. */
  timeoutMs?: number;
}

export interface RemoteReply {
  status: number;
  headers: IncomingMessage["headers"];
  text: string;
}

const defaultMs = 10_000;
const mostReply = 256 * 1024;

export class Remote {
  readonly url: string;
  readonly #agent: HttpAgent | HttpsAgent;

  /** @param caFile certificates of the authorities to trust, PEM; Node's own without it */
  constructor(url: string, caFile?: string) {
    this.url = url;
    const options = { keepAlive: true, maxSockets: 2 };
    const ca = caFile === undefined ? {} : { ca: readFileSync(caFile) };
    const secure = url.startsWith("https:");
    this.#agent = secure ? new HttpsAgent({ ...options, ...ca }) : new HttpAgent(options);
  }

  close(): void {
    this.#agent.destroy();
  }

  /** @throws Unreachable when there is no whole reply; any status is a reply. */
  send({ method, path, headers, body, signal, timeoutMs = defaultMs }: RemoteRequest) {
    const { url } = this;
    const unix = url.startsWith("unix:");
    const start = url.startsWith("https:") ? httpsRequest : httpRequest;
    const address = unix ? `http://localhost${path}` : `${url.replace(/\/$/, "")}${path}`;
    const limit = AbortSignal.timeout(timeoutMs);
    return new Promise<RemoteReply>((resolve, reject) => {
      const outgoing = start(address, {
        method,
        agent: this.#agent,
        signal: signal === undefined ? limit : AbortSignal.any([limit, signal]),
        ...(unix ? { socketPath: url.slice("unix:".length) } : {}),
        headers: {
          ...(typeof body === "string" ? { "content-length": Buffer.byteLength(body) } : {}),
          ...headers,
        },
      });
      const fail = (error: Error) => {
        const late = limit.aborted ? `it did not answer within ${timeoutMs / 1000} s` : undefined;
        const said = late ?? reasonOf(error);
        reject(new Unreachable(`${url} cannot be reached: ${said}.`, { cause: error }));
      };
      outgoing.on("error", fail);
      outgoing.on("response", (incoming) => {
        const chunks: Buffer[] = [];
        let size = 0;
        incoming.on("data", (chunk: Buffer) => {
          size += chunk.length;
          if (size > mostReply) incoming.destroy(new Error("its answer has no end"));
          else chunks.push(chunk);
        });
        incoming.on("error", fail);
        incoming.on("end", () => {
          const text = Buffer.concat(chunks, size).toString("utf8");
          resolve({ status: incoming.statusCode ?? 0, headers: incoming.headers, text });
        });
      });
      if (body === undefined || typeof body === "string") outgoing.end(body);
      else pipeline(body, outgoing, (error) => error && fail(error));
    });
  }
}

/** What a failed connection means, and what to do, for the failures that have a usual cause. */
function reasonOf(error: Error): string {
  const code = (error as NodeJS.ErrnoException).code ?? "";
  const sandbox = "the agent's unit does not let it; see network.conf among its examples";
  const authority = "its certificate is of an authority that caFile does not name";
  const known: Record<string, string> = {
    EPERM: sandbox,
    EAFNOSUPPORT: sandbox,
    EACCES: "the agent may not open the socket",
    ENOENT: "there is no such socket; is it running",
    ECONNREFUSED: "nothing listens there; is it running",
    ECONNRESET: "the connection broke off",
    ENOTFOUND: "its name is not known; write its address",
    EAI_AGAIN: "its name cannot be looked up; write its address",
    SELF_SIGNED_CERT_IN_CHAIN: authority,
    DEPTH_ZERO_SELF_SIGNED_CERT: authority,
    UNABLE_TO_VERIFY_LEAF_SIGNATURE: authority,
    UNABLE_TO_GET_ISSUER_CERT_LOCALLY: authority,
  };
  return known[code] ?? error.message;
}

/** @returns milliseconds that a reply asks to wait, 5 minutes at most; 0 where it does not. */
export function retryAfter(headers: IncomingMessage["headers"]): number {
  const seconds = Number(headers["retry-after"]);
  return seconds > 0 ? Math.min(seconds, 300) * 1000 : 0;
}

const firstMs = 1000;

/** @returns how long to wait after so many failures in a row, doubling up to `most`. */
export function backOff(failures: number, most: number): number {
  return Math.min(most, firstMs * 2 ** Math.min(failures, 20));
}
