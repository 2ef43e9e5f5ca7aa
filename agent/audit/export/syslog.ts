/**
 * Syslog: messages of RFC 5424 with structured data, framed by their length (RFC 6587, 3.4.1),
 * over TCP, TLS (RFC 5425) or a unix socket. The transport tells nothing about what arrived, so an
 * event counts as sent when the kernel took it; Elasticsearch or bundles prove more.
 */
import { readFileSync } from "node:fs";
import { connect as connectPlain, type Socket } from "node:net";
import { connect as connectSecure } from "node:tls";
import * as v from "valibot";
import type { AuditEntry } from "../contract.ts";
import { type Exported, sentence } from "./ecs.ts";
import { Retry, type Target } from "./forward.ts";

export const syslogSchema = v.strictObject({
  /** `host:port` or `unix:/path`. */
  address: v.pipe(v.string(), v.regex(/^(unix:\/.+|(\[[0-9a-f:]+\]|[^:/]+):[0-9]{1,5})$/i)),
  /** TLS, with certificates of the authorities to trust, PEM. */
  caFile: v.optional(v.pipe(v.string(), v.startsWith("/"))),
  pseudonyms: v.optional(v.boolean(), false),
});

export type SyslogConfig = v.InferOutput<typeof syslogSchema>;

/** Facility 13, "log audit" (RFC 5424, table 1). */
const facility = 13;
const severities: Record<AuditEntry["outcome"], number> = {
  intent: 6,
  success: 6,
  note: 6,
  failure: 4,
  refused: 4,
};
const connectMs = 10_000;

/** @param event as it is to be shown, perhaps with pseudonyms. */
export function syslogMessage({ entry, hash }: Exported): string {
  const priority = facility * 8 + severities[entry.outcome];
  const data = {
    sequence: String(entry.sequence),
    hash,
    action: entry.action,
    outcome: entry.outcome,
    source: entry.source,
    actor: entry.actor,
    uid: String(entry.uid),
    tenant: entry.tenant,
    object: entry.object,
    address: entry.address,
    call: entry.call,
    flow: entry.flow,
    error: entry.error,
  };
  const parameters = Object.entries(data)
    .filter(([, value]) => value !== undefined)
    .map(([name, value]) => ` ${name}="${escaped(String(value))}"`);
  const host = printable(entry.node, 255);
  const id = printable(entry.action, 32);
  const head = `<${priority}>1 ${entry.time} ${host} dsecos ${entry.pid || "-"} ${id}`;
  // 32473 is the enterprise number for documentation (RFC 5612): DsecOS has none of its own.
  return `${head} [audit@32473${parameters.join("")}] ${sentence(entry).replace(/[\r\n]/g, " ")}`;
}

/** RFC 5424, 6.3.3. */
function escaped(value: string): string {
  return value.replace(/["\\\]]/g, "\\$&").replace(/[\r\n]/g, " ");
}

function printable(value: string, most: number): string {
  return value.replace(/[^!-~]/g, "_").slice(0, most) || "-";
}

export class SyslogTarget implements Target {
  readonly name = "syslog";
  readonly batch = 200;
  readonly refused = 0;
  readonly #config: SyslogConfig;
  readonly #show: (event: Exported) => Exported;
  #socket: Socket | undefined;

  constructor(config: SyslogConfig, show: (event: Exported) => Exported = (event) => event) {
    this.#config = config;
    this.#show = show;
  }

  async send(events: readonly Exported[], signal: AbortSignal): Promise<void> {
    const socket = await this.#connected(signal);
    const frames = events.map((event) => {
      const message = Buffer.from(syslogMessage(this.#show(event)));
      return Buffer.concat([Buffer.from(`${message.length} `), message]);
    });
    await new Promise<void>((resolve, reject) => {
      const lost = () => reject(new Retry("The syslog server closed the connection."));
      socket.once("close", lost);
      socket.write(Buffer.concat(frames), (error) => {
        socket.removeListener("close", lost);
        if (error) reject(new Retry(`The syslog server took no message: ${error.message}.`));
        else resolve();
      });
    });
  }

  close(): void {
    this.#socket?.destroy();
    this.#socket = undefined;
  }

  async #connected(signal: AbortSignal): Promise<Socket> {
    if (this.#socket !== undefined) return this.#socket;
    const { address, caFile } = this.#config;
    const at = address.lastIndexOf(":");
    const place = address.startsWith("unix:")
      ? { path: address.slice(5) }
      : { host: address.slice(0, at).replace(/^\[|\]$/g, ""), port: Number(address.slice(at + 1)) };
    const socket =
      caFile === undefined
        ? connectPlain(place)
        : connectSecure({ ...place, ca: readFileSync(caFile) });
    await new Promise<void>((resolve, reject) => {
      const fail = (what: string) => {
        socket.destroy();
        reject(new Retry(`The syslog server at ${address}: ${what}.`));
      };
      const timer = setTimeout(() => fail("no connection within 10 s"), connectMs);
      const stopped = () => fail("stopped");
      signal.addEventListener("abort", stopped);
      const settle = () => {
        clearTimeout(timer);
        signal.removeEventListener("abort", stopped);
      };
      socket.once("error", (error) => {
        settle();
        fail(error.message);
      });
      socket.once(caFile === undefined ? "connect" : "secureConnect", () => {
        settle();
        resolve();
      });
    });
    socket.removeAllListeners("error");
    socket.on("error", () => {
      // The close that follows tells whoever waits.
    });
    socket.on("close", () => {
      if (this.#socket === socket) this.#socket = undefined;
    });
    socket.resume();
    this.#socket = socket;
    return socket;
  }
}
