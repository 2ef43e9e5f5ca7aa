/** Every event to Elasticsearch and syslog, where they are configured. */
import type { Config } from "../config.ts";
import type { Log } from "../log.ts";
import type { Alarm } from "./answers.ts";
import { canonical } from "./canonical.ts";
import type { AuditEntry } from "./entry.ts";
import { type Exported, ecsDocument } from "./export/ecs.ts";
import { ElasticTarget } from "./export/elastic.ts";
import { type EventSource, Forwarder, forwardedThrough, type Target } from "./export/forward.ts";
import { Pseudonyms } from "./export/pseudonyms.ts";
import { SyslogTarget } from "./export/syslog.ts";
import type { AuditLog } from "./log.ts";
import type { ReaderClient } from "./queries/client.ts";

export interface ForwardingOptions {
  config: Config;
  audit: AuditLog;
  reader: ReaderClient;
  log: Log;
}

export interface Forwarding {
  /** Addresses that events go to. */
  readonly targets: readonly { name: string; address: string }[];
  /** @param recent entries oldest first: they tell how far each target came. */
  start(recent: readonly AuditEntry[]): void;
  stop(): Promise<void>;
  alarms(): Alarm[];
}

export function createForwarding({ config, audit, reader, log }: ForwardingOptions): Forwarding {
  const { elasticsearch, syslog } = config;
  const targets = [
    ...(elasticsearch ? [{ name: "Elasticsearch", address: elasticsearch.url }] : []),
    ...(syslog ? [{ name: "syslog", address: syslog.address }] : []),
  ];
  let forwarders: Forwarder[] = [];
  const source: EventSource = {
    get size() {
      return audit.size;
    },
    onAppended: (listener) => audit.onAppended(listener),
    async read(from, count) {
      const raw = await reader.ask("raw", { from, count });
      return raw.map(({ index, payload, hash }) => {
        const entry = { sequence: index + 1, ...JSON.parse(payload) } as AuditEntry;
        return { entry, payload, hash };
      });
    },
  };
  return {
    targets,
    start(recent) {
      const made: Target[] = [];
      if (elasticsearch !== undefined) {
        const show = shown(config.auditDirectory, elasticsearch.pseudonyms);
        made.push(new ElasticTarget(elasticsearch, (event) => ecsDocument(show(event))));
      }
      if (syslog !== undefined) {
        made.push(new SyslogTarget(syslog, shown(config.auditDirectory, syslog.pseudonyms)));
      }
      forwarders = made.map((target) => {
        const from = forwardedThrough(recent, target.name);
        return new Forwarder({ source, target, audit, log, from });
      });
      for (const forwarder of forwarders) forwarder.start();
    },
    async stop() {
      await Promise.all(forwarders.map((forwarder) => forwarder.stop()));
    },
    alarms: () =>
      forwarders
        .map((forwarder) => forwarder.status())
        .filter(({ state }) => state === "alarm")
        .map(({ name, at, text }) => ({
          kind: "offload",
          since: at,
          text: `Events do not reach ${name}: ${text}`,
          todo: `Look at ${name}; the events wait in the log and go there when it is back.`,
        })),
  };
}

function shown(directory: string, hidden: boolean): (event: Exported) => Exported {
  if (!hidden) return (event) => event;
  const pseudonyms = Pseudonyms.ofLog(directory);
  return ({ entry, hash }) => {
    const changed = pseudonyms.entry(entry);
    const { sequence, ...event } = changed;
    return { entry: changed, payload: canonical(event), hash };
  };
}
