/**
 * The keeper: holds the listening socket, so that the agent can always ask how things are, and gives
 * its connections to the host, which alone loads the module.
 */
import { rmSync } from "node:fs";
import { createServer, type Server, type Socket } from "node:net";
import { journal } from "../../../log.ts";
import type { DriverConfig } from "../../config.ts";
import { Writer } from "../wire/buffers.ts";
import { writeStatus } from "../wire/status.ts";
import { HostProcess } from "./host-process.ts";

/** First of the sockets that systemd hands over. */
const firstSystemdFd = 3;
const mostWaiting = 64;

export interface KeeperOptions {
  name: string;
  config: DriverConfig;
  /** Path to listen on where systemd hands over no socket. */
  socket: string | undefined;
  program: string;
  parameters: readonly string[];
}

export function runKeeper({ name, config, socket, program, parameters }: KeeperOptions): void {
  const log: typeof journal = (level, message, facts) =>
    journal(level, message, { driver: name, ...facts });
  const waiting = new Set<Socket>();
  const host = new HostProcess({
    program,
    parameters,
    config,
    log,
    changed() {
      for (const connection of waiting) place(connection);
    },
  });
  /** Until there is a host, a connection is told why not. */
  const place = (connection: Socket) => {
    if (host.give(connection)) {
      waiting.delete(connection);
      return;
    }
    const status = new Writer();
    writeStatus(status, host.status);
    connection.write(status.take());
  };
  const server = createServer({ pauseOnConnect: true }, (connection) => {
    connection.on("error", () => connection.destroy());
    connection.once("close", () => waiting.delete(connection));
    // One that is paused does not tell when its other end is gone: the oldest makes room.
    const [oldest] = waiting;
    if (waiting.size >= mostWaiting) oldest?.destroy();
    waiting.add(connection);
    place(connection);
  });
  listen(server, socket);
  const stop = () => {
    host.close();
    server.close();
    for (const connection of waiting) connection.destroy();
    process.exit(0);
  };
  process.once("SIGTERM", stop);
  process.once("SIGINT", stop);
}

function listen(server: Server, socket: string | undefined): void {
  if (process.env.LISTEN_FDS !== undefined && process.env.LISTEN_PID === String(process.pid)) {
    server.listen({ fd: firstSystemdFd });
    return;
  }
  if (socket === undefined) {
    throw new Error("no socket: start it through dsecos-hsm@.socket, or with --socket PATH");
  }
  rmSync(socket, { force: true });
  const mask = process.umask(0o177);
  server.listen(socket, () => process.umask(mask));
}
