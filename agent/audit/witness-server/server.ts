/** The witness's HTTP side: bounded requests in, replies of the judge out, counts for metrics. */
import { createServer, type IncomingMessage, type Server, type ServerResponse } from "node:http";
import { explain, type Log } from "../../log.ts";
import { addCheckpointPath, maximumRequest } from "../witness/protocol.ts";
import { addCheckpoint, type Judge } from "./judge.ts";

const requestMs = 10_000;
const mostConnections = 256;

/** A request that is answered at once, before the judge sees it. */
class Refused extends Error {
  readonly status: number;
  constructor(status: number, message: string) {
    super(message);
    this.status = status;
  }
}

export function createWitnessServer(judge: Judge, log: Log): Server {
  const counts = new Map<number, number>();
  const sizes = new Map<string, number>();

  const metrics = () =>
    [
      "# TYPE dsecos_witness_requests_total counter",
      ...[...counts].map(([status, n]) => `dsecos_witness_requests_total{status="${status}"} ${n}`),
      "# TYPE dsecos_witness_cosigned_size gauge",
      ...[...sizes].map(([origin, n]) => `dsecos_witness_cosigned_size{origin="${origin}"} ${n}`),
      "",
    ].join("\n");

  const answer = async (request: IncomingMessage, response: ServerResponse) => {
    if (request.url === "/metrics" && request.method === "GET") {
      response.writeHead(200, { "Content-Type": "text/plain; version=0.0.4" }).end(metrics());
      return;
    }
    if (request.url !== addCheckpointPath) throw new Refused(404, "There is only add-checkpoint.");
    if (request.method !== "POST") throw new Refused(405, "add-checkpoint takes POST.");
    const { status, type, body, facts } = await addCheckpoint(judge, await read(request));
    counts.set(status, (counts.get(status) ?? 0) + 1);
    if (status === 200) sizes.set(facts.origin ?? "", facts.size ?? 0);
    log(status === 200 ? "info" : "warning", "add-checkpoint", { status, ...facts });
    response.writeHead(status, { "Content-Type": type, "Content-Length": Buffer.byteLength(body) });
    response.end(body);
  };

  const server = createServer((request, response) => {
    answer(request, response).catch((error) => {
      const status = error instanceof Refused ? error.status : 500;
      counts.set(status, (counts.get(status) ?? 0) + 1);
      log(status === 500 ? "error" : "warning", "request not answered", { error: explain(error) });
      if (response.headersSent) return response.destroy();
      const text =
        error instanceof Refused ? error.message : "The witness could not keep its record.";
      // Whatever else of the request is under way is not read.
      response.writeHead(status, { "Content-Type": "text/plain", Connection: "close" });
      response.end(`${text}\n`);
    });
  });
  server.requestTimeout = requestMs;
  server.headersTimeout = requestMs;
  server.maxConnections = mostConnections;
  return server;
}

async function read(request: IncomingMessage): Promise<Buffer> {
  const chunks: Buffer[] = [];
  let size = 0;
  for await (const chunk of request.iterator({ destroyOnReturn: false })) {
    size += chunk.length;
    if (size > maximumRequest) throw new Refused(413, "The request is larger than any can be.");
    chunks.push(chunk);
  }
  return Buffer.concat(chunks, size);
}
