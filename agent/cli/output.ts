/** What a member replied, for people. */
import type { Shown } from "../audit/answers.ts";
import type { Changes, Replay } from "../audit/replay/answers.ts";
import type { Command } from "../bus/derive/commands.ts";
import type { HistoryAnswer } from "../cluster/history/answers.ts";
import type { JoinChecks } from "../cluster/joining/answers.ts";
import type { Check } from "../node/contract.ts";
import type { Comparison, Policies } from "../selinux/loads/answers.ts";
import { cellText, flatten, heading, isRecord, isRows, type Row } from "./cells.ts";
import { checksText } from "./checks.ts";
import { shownEntry } from "./entry.ts";
import { historyText } from "./history.ts";
import { joiningText } from "./joining.ts";
import { comparisonText, policiesText } from "./policies.ts";
import { changesText, replayText } from "./replayed.ts";
import { type Screen, table } from "./table.ts";
import { harmless, lengthOf, pad, painted, wrap } from "./text.ts";

/** What people look for first, by member; other columns follow in the schema's order. */
export const preferredColumns: Record<string, readonly string[]> = {
  "tenants.List": [
    "name",
    "state",
    "domain",
    "quota.cpu",
    "quota.ram",
    "quota.storage",
    "instances.total",
    "instances.running",
    "classification",
    "displayName",
    "slot.number",
    "notYetTrue",
  ],
  "instances.List": ["name", "status", "addresses", "limit.cpu", "limit.ramKib", "live.ramKib"],
  "jobs.List": ["id", "state", "title", "done", "total", "step", "actor", "startedAt", "error"],
  "approvals.List": ["id", "state", "member", "tenant", "requester", "expiresAt", "arguments"],
  "audit.List": ["sequence", "time", "action", "outcome", "actor", "tenant", "object", "error"],
  "audit.ListTenant": ["sequence", "time", "action", "outcome", "actor", "object", "error"],
  "audit.ListOwn": ["sequence", "time", "action", "outcome", "tenant", "object", "error"],
  "selinux.Denials": [
    ...["last", "count", "sourceType", "targetType", "class", "permissions"],
    "explanation.text",
  ],
};

/** The same for lists within one record, by their key. */
const preferredWithin: Record<string, readonly string[]> = {
  paths: ["state", "jurisdiction", "from", "to", "evidence", "command"],
  engines: ["name", "state", "version", "remedy"],
  nodes: ["name", "state", "verdict", "ageSeconds", "incus", "log.state", "text"],
  assurance: ["verdict", "title", "fact", "remedy", "command"],
  mode: ["verdict", "title", "fact", "remedy", "command"],
};

export function present(command: Command, reply: unknown, screen: Screen): string {
  const name = `${command.subsystem}.${command.member}`;
  if (name === "audit.Show") return shownEntry(reply as Shown, screen).join("\n");
  if (name === "audit.Changes") return changesText(reply as Changes).join("\n");
  if (name === "selinux.Policies") return policiesText(reply as Policies).join("\n");
  if (name === "selinux.Compare") return comparisonText(reply as Comparison, screen).join("\n");
  if (name === "node.Check") return checksText(reply as Check[], screen).join("\n");
  if (name === "cluster.CheckInit" || name === "cluster.CheckJoin")
    return joiningText(reply as JoinChecks, screen).join("\n");
  if (name === "cluster.History") return historyText(reply as HistoryAnswer, screen).join("\n");
  if (name === "audit.Replay") return replayText(reply as Replay).join("\n");
  const preferred = preferredColumns[name] ?? [];
  return lines(reply, preferred, screen).join("\n");
}

function lines(reply: unknown, preferred: readonly string[], screen: Screen): string[] {
  if (Array.isArray(reply)) return list(reply, preferred, screen);
  if (!isRecord(reply)) return [harmless(String(reply)).trimEnd()];
  const { rows, next, total } = reply;
  if (Array.isArray(rows)) {
    const more = next ? ["", `More follow: --cursor ${harmless(String(next))}`] : [];
    const all = next && typeof total === "number" ? [`${rows.length} of ${total}.`] : [];
    return [...list(rows, preferred, screen), ...more, ...all];
  }
  return record(reply, screen);
}

function list(rows: unknown[], preferred: readonly string[], screen: Screen): string[] {
  if (rows.length === 0) return ["Nothing found."];
  if (!isRows(rows)) return rows.map((row) => cellText("", row));
  return table(rows, preferred, screen);
}

/** Names and values first, then one table for each list of records. */
export function record(value: Row, screen: Screen): string[] {
  const flat = [...flatten(value)];
  const tables = flat.filter(([, inner]) => isRows(inner));
  const pairs = flat
    .filter(([, inner]) => !isRows(inner))
    .map(([key, inner]): [string, string] => [heading(key), cellText(key, inner)])
    .filter(([, text]) => text !== "");
  if (pairs.length === 0 && tables.length === 0) return ["Nothing found."];
  return [
    ...keyValues(pairs, screen),
    ...tables.flatMap(([key, inner]) => [
      "",
      `${heading(key)}:`,
      ...table(inner as Row[], preferredWithin[key] ?? [], screen),
    ]),
  ];
}

function keyValues(pairs: readonly [string, string][], screen: Screen): string[] {
  const left = Math.max(0, ...pairs.map(([key]) => lengthOf(key))) + 2;
  return pairs.flatMap(([key, text]) => {
    const room = Math.max(24, screen.width - left);
    const [first = "", ...rest] = wrap(text, room);
    const under = rest.map((line) => " ".repeat(left) + line);
    return [pad(key, left) + painted(first, screen.colour), ...under];
  });
}
