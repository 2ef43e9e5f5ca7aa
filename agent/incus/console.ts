/** The console of an instance, as Incus gives it: one stream both ways. */
import type { Duplex } from "node:stream";
import { setTimeout as sleep } from "node:timers/promises";
import WebSocket, { createWebSocketStream } from "ws";
import { DsecosError } from "../bus/errors.ts";
import { apiPath, type IncusClient } from "./client.ts";
import { errorOfConnection } from "./errors.ts";

export interface IncusConsole {
  /** Bytes of the terminal as they are; it ends when the instance's side ends. */
  readonly stream: Duplex;
  close(): void;
}

/** Serial consoles of virtual machines have this size too. */
const size = { width: 80, height: 24 };
const handshakeMs = 10_000;
const attempts = 8;
const attemptMs = 250;

interface ConsoleOperation {
  id: string;
  metadata: { fds?: Record<string, string> } | null;
}

/**
 * Attaches to the console that logins are made at. Nothing is read before somebody reads the
 * stream.
 *
 * @throws DsecosError Conflict when somebody else is attached and Incus allows only one.
 */
export async function attachConsole(
  client: IncusClient,
  project: string,
  name: string,
): Promise<IncusConsole> {
  const path = apiPath("instances", name, "console");
  const body = { type: "console", ...size };
  const begin = () => client.send<ConsoleOperation>("POST", path, body, { project });
  const { metadata } = await onceFree(name, begin);
  const secrets = metadata.metadata?.fds ?? {};
  const address = `ws+unix://${client.socketPath}:/1.0/operations/${metadata.id}/websocket`;
  const connect = (secret: string | undefined) =>
    new WebSocket(`${address}?secret=${encodeURIComponent(secret ?? "")}`, {
      handshakeTimeout: handshakeMs,
      perMessageDeflate: false,
    });
  const control = connect(secrets.control);
  const data = connect(secrets["0"]);
  const stream = createWebSocketStream(data);
  // Every failure also closes it, which is what others listen to.
  stream.on("error", () => undefined);
  const close = () => {
    control.terminate();
    stream.destroy();
    data.terminate();
  };
  control.on("error", () => stream.destroy());
  try {
    await Promise.all([opened(control), opened(data)]);
  } catch (error) {
    close();
    throw errorOfConnection(error as Error, client.socketPath);
  }
  return { stream, close };
}

/** Incus lets one in at a time, and notices a moment late that somebody has left. */
async function onceFree<T>(name: string, begin: () => Promise<T>): Promise<T> {
  for (let attempt = 1; ; attempt += 1) {
    try {
      return await begin();
    } catch (error) {
      if (!(error instanceof DsecosError) || !/already connected/.test(error.message)) throw error;
      if (attempt === attempts) {
        const message = `Somebody has the console of ${name} open already; wait until it is left.`;
        throw new DsecosError("Conflict", message, { cause: error });
      }
      await sleep(attemptMs);
    }
  }
}

function opened(socket: WebSocket): Promise<void> {
  return new Promise((resolve, reject) => {
    socket.once("open", resolve);
    socket.once("error", reject);
    socket.once("close", () =>
      reject(new DsecosError("Unavailable", "Incus closed the console at once; try again.")),
    );
  });
}
