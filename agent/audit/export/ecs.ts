/**
 * An audit entry as a document of the Elastic Common Schema. Every field that is written here is a
 * field of ECS with that type; what ECS has no field for stands below `labels`.
 */
import { isIP } from "node:net";
import type { AuditEntry } from "../contract.ts";

export const ecsVersion = "9.0.0";
export const dataStream = "logs-dsecos.audit-default";

/** What is exported of one event: the entry, the bytes it came from, and its chain value. */
export interface Exported {
  entry: AuditEntry;
  /** The payload as it stands in the log. */
  payload: string;
  /** SHA3-512 of the entry, in hexadecimal. */
  hash: string;
}

export type EcsDocument = Record<string, unknown>;

/** Categories and types of ECS, by the beginning of the action; the first that fits holds. */
const kinds: readonly (readonly [prefix: RegExp, category: string, type: string])[] = [
  [/^(journal|auditd)\.(Login|UserLogin|Session|CockpitSession)/, "session", "start"],
  [/^(journal|auditd)\.(.*Auth|LoginFailed)/, "authentication", "start"],
  [/^(journal|auditd)\.(Sudo|UserCommand)/, "process", "start"],
  [/^auditd\.(Add|Del|User|Group|Account)/, "iam", "change"],
  [/^auditd\.(Mac|Config|Policy)/, "configuration", "change"],
  [/^auditd\.Anom/, "intrusion_detection", "info"],
  [/^auditd\.(File|Syscall)/, "file", "change"],
  [/^(state\.Permissions|approvals\.)/, "iam", "change"],
  [/^incus\.(instance|container|virtual-machine)/, "host", "change"],
  [/^incus\.network/, "network", "change"],
  [/^instances\./, "host", "change"],
  [/^bus\./, "intrusion_detection", "denied"],
  [/^(tenants|images|state|incus|audit|agent|cluster)\./, "configuration", "change"],
];

const outcomes: Record<AuditEntry["outcome"], "success" | "failure" | "unknown"> = {
  intent: "unknown",
  success: "success",
  failure: "failure",
  refused: "failure",
  note: "unknown",
};

/** Not a name, but found again: Elasticsearch refuses a second document with the same id. */
export function documentId(hash: string): string {
  return hash.slice(0, 40);
}

export function ecsDocument({ entry, payload, hash }: Exported): EcsDocument {
  const [, category, type] = kinds.find(([prefix]) => prefix.test(entry.action)) ?? [];
  const { address, tenant, object } = entry;
  const labels = present({
    loginuid: entry.loginuid >= 0 ? String(entry.loginuid) : undefined,
    call: entry.call,
    flow: entry.flow,
    object,
    label: entry.label || undefined,
  });
  return present({
    "@timestamp": entry.time,
    ecs: { version: ecsVersion },
    message: sentence(entry),
    event: present({
      kind: "event",
      module: "dsecos",
      dataset: "dsecos.audit",
      provider: entry.source,
      action: entry.action,
      category: category === undefined ? undefined : [category],
      type: [entry.outcome === "refused" ? "denied" : (type ?? "info")],
      outcome: outcomes[entry.outcome],
      sequence: entry.sequence,
      id: documentId(hash),
      hash,
      original: payload,
      reason: entry.error,
    }),
    error: entry.error === undefined ? undefined : { message: entry.error },
    host: { hostname: entry.node, name: entry.node },
    user: { name: entry.actor, id: String(entry.uid) },
    related: present({
      user: [entry.actor],
      ip: address !== undefined && isIP(address) !== 0 ? [address] : undefined,
    }),
    process: entry.pid > 0 ? { pid: entry.pid } : undefined,
    organization: tenant === undefined ? undefined : { id: tenant },
    source: source(address),
    file:
      entry.source === "auditd" && object?.startsWith("/") === true ? { path: object } : undefined,
    labels: Object.keys(labels).length === 0 ? undefined : labels,
    data_stream: { type: "logs", dataset: "dsecos.audit", namespace: "default" },
  });
}

function source(address: string | undefined): EcsDocument | undefined {
  if (address === undefined || address === "") return undefined;
  return isIP(address) === 0 ? { address } : { address, ip: address };
}

/** One line for people, also used as the text of a syslog message. */
export function sentence({ actor, action, outcome, object, tenant }: AuditEntry): string {
  const about = object ?? tenant;
  return `${actor} ${action}${about === undefined ? "" : ` ${about}`}: ${outcome}`;
}

function present(fields: EcsDocument): EcsDocument {
  return Object.fromEntries(Object.entries(fields).filter(([, value]) => value !== undefined));
}
