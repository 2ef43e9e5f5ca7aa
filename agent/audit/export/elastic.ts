/**
 * Elasticsearch's bulk API over HTTP or HTTPS. Documents are created under an id that follows from
 * the event's hash, so what is sent twice is there once. Nothing of a document ever stands in an
 * error or in the journal.
 */
import { readFileSync } from "node:fs";
import { Agent as HttpAgent, request as httpRequest } from "node:http";
import { Agent as HttpsAgent, request as httpsRequest } from "node:https";
import * as v from "valibot";
import { dataStream, documentId, type EcsDocument, type Exported, ecsDocument } from "./ecs.ts";
import { Retry, type Target } from "./forward.ts";

export const elasticSchema = v.strictObject({
  url: v.pipe(
    v.string(),
    v.regex(
      /^https?:\/\/[^/?#@]+(\/[^?#]*)?$/,
      "must be an http or https address without a name in it",
    ),
  ),
  index: v.optional(v.pipe(v.string(), v.regex(/^[a-z0-9][a-z0-9._-]*$/)), dataStream),
  /** File with an API key; read when a request is made, never kept. */
  apiKeyFile: v.optional(v.pipe(v.string(), v.startsWith("/"))),
  /** File with certificates of the authorities to trust, PEM. */
  caFile: v.optional(v.pipe(v.string(), v.startsWith("/"))),
  /** Personal data is replaced before it leaves. */
  pseudonyms: v.optional(v.boolean(), false),
});

export type ElasticConfig = v.InferOutput<typeof elasticSchema>;

const batch = 500;
const timeoutMs = 30_000;
const mostReply = 8 * 1024 * 1024;

interface ItemResult {
  create?: { status: number; error?: { type?: string } };
}

export class ElasticTarget implements Target {
  readonly name = "elasticsearch";
  readonly batch = batch;
  readonly #config: ElasticConfig;
  readonly #document: (event: Exported) => EcsDocument;
  readonly #agent: HttpAgent | HttpsAgent;
  refused = 0;

  /** @param document another form of the event, for example with pseudonyms. */
  constructor(config: ElasticConfig, document: (event: Exported) => EcsDocument = ecsDocument) {
    this.#config = config;
    this.#document = document;
    const options = { keepAlive: true, maxSockets: 1 };
    const ca = config.caFile === undefined ? {} : { ca: readFileSync(config.caFile) };
    const secure = config.url.startsWith("https:");
    this.#agent = secure ? new HttpsAgent({ ...options, ...ca }) : new HttpAgent(options);
  }

  async send(events: readonly Exported[], signal: AbortSignal): Promise<void> {
    let rest = [...events];
    // Parts of a request may be refused for now: only those are sent again.
    for (let attempt = 0; rest.length > 0; attempt++) {
      const { items, status } = await this.#post(rest, signal);
      const again = rest.filter((_, i) => isBusy(items[i]?.create?.status ?? status));
      this.refused += items.filter(({ create }) => isFinal(create?.status ?? status)).length;
      if (again.length === rest.length || attempt > 5) {
        throw new Retry(`Elasticsearch is busy (status ${items[0]?.create?.status ?? status}).`);
      }
      rest = again;
    }
  }

  close(): void {
    this.#agent.destroy();
  }

  async #post(
    events: readonly Exported[],
    signal: AbortSignal,
  ): Promise<{ items: ItemResult[]; status: number }> {
    const body = this.#body(events);
    const { status, text, retryAfter } = await this.#request(body, signal);
    if (isBusy(status)) throw new Retry(`Elasticsearch is busy (status ${status}).`, retryAfter);
    if (status !== 200) {
      const todo = status === 401 || status === 403 ? "check the API key" : "look at its log";
      throw new Retry(`Elasticsearch refused with status ${status}; ${todo}.`, retryAfter);
    }
    const reply = parseReply(text);
    if (reply === undefined || reply.length !== events.length) {
      throw new Retry("Elasticsearch did not answer for every document; is the address right?");
    }
    return { items: reply, status };
  }

  #body(events: readonly Exported[]): Buffer {
    const { index } = this.#config;
    const lines = events.map((event) => {
      const action = JSON.stringify({ create: { _index: index, _id: documentId(event.hash) } });
      return `${action}\n${JSON.stringify(this.#document(event))}\n`;
    });
    return Buffer.from(lines.join(""));
  }

  #request(
    body: Buffer,
    signal: AbortSignal,
  ): Promise<{ status: number; text: string; retryAfter: number }> {
    const { url, apiKeyFile } = this.#config;
    const send = url.startsWith("https:") ? httpsRequest : httpRequest;
    return new Promise((resolve, reject) => {
      const fail = (what: string) => reject(new Retry(`Elasticsearch at ${url}: ${what}`));
      const key = apiKeyFile === undefined ? undefined : readFileSync(apiKeyFile, "utf8").trim();
      const outgoing = send(`${url.replace(/\/$/, "")}/_bulk`, {
        method: "POST",
        agent: this.#agent,
        signal,
        timeout: timeoutMs,
        headers: {
          "Content-Type": "application/x-ndjson",
          "Content-Length": body.length,
          ...(key === undefined ? {} : { Authorization: `ApiKey ${key}` }),
        },
      });
      outgoing.on("timeout", () => outgoing.destroy(new Error("no answer within 30 s")));
      outgoing.on("error", (error) => fail(`${error.message}.`));
      outgoing.on("response", (incoming) => {
        const chunks: Buffer[] = [];
        let size = 0;
        incoming.on("data", (chunk: Buffer) => {
          size += chunk.length;
          if (size > mostReply) incoming.destroy(new Error("an answer without end"));
          else chunks.push(chunk);
        });
        incoming.on("error", (error) => fail(`${error.message}.`));
        incoming.on("end", () => {
          const seconds = Number(incoming.headers["retry-after"]);
          const retryAfter = Number.isFinite(seconds) ? Math.min(seconds, 300) * 1000 : 0;
          const text = Buffer.concat(chunks, size).toString("utf8");
          resolve({ status: incoming.statusCode ?? 0, text, retryAfter });
        });
      });
      outgoing.end(body);
    });
  }
}

function parseReply(text: string): ItemResult[] | undefined {
  try {
    const reply = JSON.parse(text) as { items?: ItemResult[] };
    return Array.isArray(reply.items) ? reply.items : undefined;
  } catch {
    return undefined; // Some other server: the caller says so.
  }
}

function isBusy(status: number): boolean {
  return status === 429 || status >= 500;
}

/** 409: it is there already, which is what was wanted. */
function isFinal(status: number): boolean {
  return status >= 400 && status !== 409 && !isBusy(status);
}
