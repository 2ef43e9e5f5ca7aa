/**
 * The host: the one process that loads the module. Its keeper hands it connections of the agent; when
 * it hangs it is killed, when it ends another takes its place.
 */
import { Socket } from "node:net";
import { journal } from "../../../log.ts";
import type { DriverConfig } from "../../config.ts";
import type { FromHost, ToHost } from "../keeper/messages.ts";
import { writeStatus } from "../wire/status.ts";
import { Connection } from "./connection.ts";
import { Deadlines } from "./deadlines.ts";
import { createOperations } from "./operations.ts";
import { JobQueue } from "./queue.ts";

export interface HostPlaces {
  credentials: string | undefined;
  state: string;
}

export function runHost(name: string, config: DriverConfig, places: HostPlaces): void {
  const log: typeof journal = (level, message, facts) =>
    journal(level, message, { driver: name, ...facts });
  // Without a keeper nobody would watch it.
  process.once("disconnect", () => end());
  const broken = (why: string): never => {
    log("error", "the driver's process ends itself", { why });
    tell({ type: "ends", why });
    end();
  };
  const { operations, counters, pinSource } = load(() =>
    createOperations({ config, ...places, log, broken }),
  );
  const connections = new Set<Connection>();
  const queue = new JobQueue(config.concurrency, () => {
    try {
      counters.flush();
    } catch (error) {
      broken(`the count of uses cannot be written, so no answer leaves: ${String(error)}`);
    }
    for (const connection of connections) connection.flush();
  });
  const deadlines = new Deadlines(config.deadlineSeconds, (operation) => {
    broken(`the module did not answer in time (${operation})`);
  });
  const serve = (socket: Socket) => {
    const connection = new Connection(socket, { operations, queue, deadlines, log });
    connections.add(connection);
    socket.once("close", () => connections.delete(connection));
    const status = { state: "ready", reason: "", pinSource, host: process.pid } as const;
    writeStatus(connection.out, status);
    connection.flush();
    socket.resume();
  };
  process.on("message", (message: ToHost, handle: unknown) => {
    if (message.type === "ping") {
      tell({ type: "pong" });
      return;
    }
    tell({ type: "taken" });
    // A connection that ended on its way comes without its socket.
    if (handle instanceof Socket) serve(handle);
  });
  tell({ type: "ready", pinSource });
}

/** At once: an orderly end would wait for threads that hang in the module. */
function end(): never {
  process.kill(process.pid, "SIGKILL");
  throw new Error("the process ends");
}

function tell(message: FromHost): void {
  process.send?.(message);
}

/** What cannot be loaded is told to the keeper, which says it to the agent. */
function load<T>(work: () => T): T {
  try {
    return work();
  } catch (error) {
    const why = error instanceof Error ? error.message : String(error);
    process.send?.({ type: "failed", why } satisfies FromHost, () => process.exit(1));
    throw error;
  }
}
