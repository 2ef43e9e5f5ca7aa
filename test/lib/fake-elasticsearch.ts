/**
 * A fake of Elasticsearch, since Debian has none: its bulk API as strict as the real one where it
 * matters here (NDJSON with a last newline, data streams that only create, an answer for each
 * document), with a switch for each way in which it may refuse.
 */
import { createServer, type Server } from "node:http";
import type { AddressInfo } from "node:net";

export class FakeElasticsearch {
  readonly documents = new Map<string, Record<string, unknown>>();
  readonly problems: string[] = [];
  requests = 0;
  /** Statuses that the next whole requests get. */
  readonly refuseRequests: number[] = [];
  /** Decides for one document of one request; 201 unless told. */
  refuseItem: (id: string, request: number) => number | undefined = () => undefined;
  retryAfter: string | undefined;
  readonly #server: Server;

  constructor() {
    this.#server = createServer((incoming, outgoing) => {
      const chunks: Buffer[] = [];
      incoming.on("data", (chunk: Buffer) => chunks.push(chunk));
      incoming.on("end", () => {
        this.requests += 1;
        const refused = this.refuseRequests.shift();
        const answer = (status: number, body: unknown) => {
          const headers = { "Content-Type": "application/json" };
          const also = this.retryAfter === undefined ? {} : { "Retry-After": this.retryAfter };
          outgoing.writeHead(status, { ...headers, ...also }).end(JSON.stringify(body));
        };
        if (refused !== undefined) return answer(refused, { error: "refused for a test" });
        if (incoming.method !== "POST" || incoming.url !== "/_bulk") {
          this.problems.push(`${incoming.method} ${incoming.url}`);
          return answer(404, {});
        }
        if (incoming.headers["content-type"] !== "application/x-ndjson") {
          this.problems.push(`content type ${incoming.headers["content-type"]}`);
        }
        return answer(200, { errors: false, items: this.#bulk(Buffer.concat(chunks)) });
      });
    });
  }

  async start(): Promise<string> {
    await new Promise<void>((resolve) => this.#server.listen(0, "127.0.0.1", resolve));
    return `http://127.0.0.1:${(this.#server.address() as AddressInfo).port}`;
  }

  async stop(): Promise<void> {
    this.#server.closeAllConnections();
    await new Promise((resolve) => this.#server.close(resolve));
  }

  #bulk(body: Buffer): unknown[] {
    const text = body.toString("utf8");
    if (!text.endsWith("\n")) this.problems.push("no newline at the end");
    const lines = text.split("\n").slice(0, -1);
    if (lines.length % 2 !== 0) this.problems.push("an odd number of lines");
    const items: unknown[] = [];
    for (let i = 0; i + 1 < lines.length; i += 2) {
      const action = JSON.parse(lines[i] ?? "") as { create?: { _index: string; _id: string } };
      const document = JSON.parse(lines[i + 1] ?? "") as Record<string, unknown>;
      if (action.create === undefined) {
        this.problems.push("only create works on a data stream");
        continue;
      }
      const { _id: id } = action.create;
      if (document["@timestamp"] === undefined) this.problems.push("no @timestamp");
      const refused = this.refuseItem(id, this.requests);
      const status = refused ?? (this.documents.has(id) ? 409 : 201);
      if (status === 201) this.documents.set(id, document);
      items.push({ create: { _index: action.create._index, _id: id, status } });
    }
    return items;
  }
}
