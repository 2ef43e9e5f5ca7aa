/** One agent's connection: requests in, answers out, as many as there are in one write. */
import type { Socket } from "node:net";
import { explain, type Log } from "../../../log.ts";
import { Pkcs11Failure } from "../pkcs11/ckr.ts";
import { DriverError, type DriverOperations } from "../types.ts";
import { type Reader, WireError, Writer } from "../wire/buffers.ts";
import { driverError, FrameReader, frame, outcome } from "../wire/frames.ts";
import {
  type Lane,
  type Operation,
  type OperationName,
  operationNames,
  operations,
} from "../wire/operations.ts";
import type { Deadlines } from "./deadlines.ts";
import { toDriverError } from "./failures.ts";
import type { JobQueue } from "./queue.ts";

export interface Serving {
  operations: DriverOperations;
  queue: JobQueue;
  deadlines: Deadlines;
  log: Log;
}

export class Connection {
  readonly #socket: Socket;
  readonly #serving: Serving;
  readonly #frames = new FrameReader();
  readonly #out = new Writer();

  constructor(socket: Socket, serving: Serving) {
    this.#socket = socket;
    this.#serving = serving;
    socket.on("data", (chunk: Buffer) => this.#hear(chunk));
    socket.on("error", (error) =>
      serving.log("warning", "a connection of the driver broke", { why: error.message }),
    );
  }

  get out(): Writer {
    return this.#out;
  }

  #hear(chunk: Buffer): void {
    try {
      this.#frames.push(chunk, (request) => this.#accept(request));
    } catch (error) {
      if (!(error instanceof WireError)) throw error;
      this.#serving.log("error", "who is connected does not speak as the agent does", {
        why: error.message,
      });
      this.#socket.destroy();
    }
    this.#serving.queue.pump();
  }

  #accept(request: Reader): void {
    const call = request.word();
    const name = operationNames[request.byte()];
    if (name === undefined) throw new WireError("there is no such operation");
    const operation = operations[name] as unknown as Operation<OperationName>;
    const parameters = operation.arguments.read(request) as unknown[];
    request.done();
    const lane = operation.lane(parameters as never);
    const run = () => this.#run(call, name, lane, parameters);
    this.#serving.queue.add({ lane, run });
  }

  async #run(call: number, name: OperationName, lane: Lane, parameters: unknown[]): Promise<void> {
    if (this.#socket.destroyed) return;
    const { operations: all, deadlines } = this.#serving;
    const deadline = deadlines.begin(name, lane);
    try {
      const work = all[name] as (...parameters: unknown[]) => Promise<unknown>;
      const result = await work(...parameters);
      frame(this.#out, () => {
        this.#out.word(call);
        this.#out.byte(outcome.result);
        operations[name].result.write(this.#out, result as never);
      });
      wipe(result);
    } catch (error) {
      // Who asked hears of this as of a failure of the module, which it is not.
      if (!(error instanceof DriverError || error instanceof Pkcs11Failure)) {
        this.#serving.log("error", "an operation failed", { operation: name, why: explain(error) });
      }
      this.#fail(call, toDriverError(error, name));
    } finally {
      deadlines.end(deadline);
      for (const parameter of parameters) wipe(parameter);
    }
  }

  #fail(call: number, error: DriverError): void {
    frame(this.#out, () => {
      this.#out.word(call);
      this.#out.byte(outcome.error);
      driverError.write(this.#out, error);
    });
  }

  flush(): void {
    if (this.#out.length === 0) return;
    const written = this.#out.take();
    if (this.#socket.destroyed) return;
    // The kernel has its own copy then; plaintexts do not stay in ours.
    this.#socket.write(written, () => written.fill(0));
  }
}

/** What came and went is not left in memory; only bytes, which are copies of ours. */
function wipe(value: unknown): void {
  if (value instanceof Uint8Array) value.fill(0);
  else if (Array.isArray(value)) for (const one of value) wipeFields(one);
}

function wipeFields(value: unknown): void {
  if (typeof value !== "object" || value === null) return;
  for (const field of Object.values(value)) if (field instanceof Uint8Array) field.fill(0);
}
