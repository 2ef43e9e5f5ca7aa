#!/usr/bin/env node
/**
 * `dsecos-witness`: watches over the audit logs of other nodes, on a machine of its own. It keeps
 * the size and root that it cosigned last for each log, and cosigns only what continues them.
 */
import { once } from "node:events";
import { chmod, unlink } from "node:fs/promises";
import type { Server } from "node:http";
import { connect, type ListenOptions } from "node:net";
import { parseArgs } from "node:util";
import { journal } from "../../log.ts";
import { version } from "../../version.ts";
import { ensureKey } from "./key.ts";
import { LogList } from "./logs.ts";
import { Memory } from "./memory.ts";
import { createWitnessServer } from "./server.ts";

const usage = `Usage: dsecos-witness --listen ADDRESS --state DIRECTORY --logs FILE [--name NAME]

Cosigns the checkpoints of audit logs (c2sp.org/tlog-witness), so that nobody who
rules their nodes can change what was on record unnoticed. Run it on a machine
that those people do not rule.

  --listen ADDRESS   HOST:PORT, [IPV6]:PORT or unix:/PATH
  --state DIRECTORY  where it keeps its key and what it has cosigned; back it up
  --logs FILE        verifier keys of the logs that it watches, one a line;
                     read again when it has changed
  --name NAME        what the witness is called, such as witness.agency.example;
                     needed at the first start, when the key is made
  --version, --help

Its own verifier key is in DIRECTORY/witness.vkey: give it to the operators of
the logs. GET /metrics tells how many requests there were.
`;

async function main(): Promise<void> {
  const options = {
    listen: { type: "string" },
    state: { type: "string" },
    logs: { type: "string" },
    name: { type: "string" },
    version: { type: "boolean" },
    help: { type: "boolean" },
  } as const;
  const { values } = parseArgs({ options });
  if (values.help) return void process.stdout.write(usage);
  if (values.version) return void process.stdout.write(`dsecos-witness ${version}\n`);
  const { listen, state, logs: logsFile } = values;
  if (listen === undefined || state === undefined || logsFile === undefined) {
    throw new Error("--listen, --state and --logs are needed; see --help");
  }
  const address = parseAddress(listen);
  const list = new LogList(logsFile, journal);
  const memory = await Memory.open(state);
  const key = await ensureKey(state, values.name);
  const server = createWitnessServer({ key, memory, logs: () => list.current() }, journal);
  await listenAt(server, address);
  journal("info", "ready", { address: server.address(), key: key.vkey, logs: list.current().size });

  const stop = async (reason: string) => {
    journal("info", "stopping", { reason });
    const closed = once(server, "close");
    server.close();
    server.closeIdleConnections();
    await closed;
    await memory.close();
    process.exit(0);
  };
  for (const name of ["SIGTERM", "SIGINT"] as const) {
    process.once(name, () => void stop(name).catch(fail));
  }
}

/** @throws Error when it is no address to listen on. */
function parseAddress(text: string): ListenOptions {
  const path = /^unix:(\/.+)$/.exec(text)?.[1];
  if (path !== undefined) return { path };
  const [, ipv6, name, port] =
    /^(?:\[([0-9a-fA-F:.]+)\]|([^:[\]]+)):([0-9]{1,5})$/.exec(text) ?? [];
  const host = ipv6 ?? name;
  if (host === undefined || Number(port) > 65_535) {
    throw new Error(`${text} is no address; write HOST:PORT, [IPV6]:PORT or unix:/PATH`);
  }
  return { host, port: Number(port) };
}

async function listenAt(server: Server, address: ListenOptions): Promise<void> {
  const { path } = address;
  if (path !== undefined && (await isDead(path))) await unlink(path);
  server.listen(address);
  await once(server, "listening");
  // Who may reach it is a matter of the directory that it is in.
  if (path !== undefined) await chmod(path, 0o666);
}

/** A socket that a witness left behind when it was killed: nobody answers there. */
async function isDead(path: string): Promise<boolean> {
  const socket = connect(path);
  try {
    await once(socket, "connect");
    return false;
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === "ECONNREFUSED";
  } finally {
    socket.destroy();
  }
}

function fail(error: unknown): never {
  process.stderr.write(`dsecos-witness: ${error instanceof Error ? error.message : error}\n`);
  process.exit(1);
}

process.on("unhandledRejection", fail);
main().catch(fail);
