/** From an event of the Linux audit system to an event of the log. */
import { type SourceEvent, tidy } from "../types.ts";
import type { KernelEvent } from "./assemble.ts";
import { type Kind, kindOf } from "./kinds.ts";
import {
  decode,
  decodeUntrusted,
  type Fields,
  kernelField,
  parseFields,
  permissionsOf,
  type RecordHead,
} from "./record.ts";

/** Kernel's value for "no login" in loginuid and session. */
const none = 4_294_967_295;
const mostPaths = 8;
const mostArguments = 64;

export interface Mapped {
  event: SourceEvent;
  vital: boolean;
}

interface Parsed extends Fields {
  record: RecordHead;
  kind: Kind;
}

/** Values that a user can choose, so that they may be in hexadecimal. */
const untrusted: ReadonlySet<string> = new Set([
  ...["comm", "exe", "name", "cwd", "cmd", "acct", "grp", "key", "path", "dir", "vm", "sw"],
]);

/** What of a record is kept, beside what has a place of its own in the event. */
const kept: ReadonlySet<string> = new Set([
  ...["op", "comm", "exe", "acct", "id", "grp", "grantors", "terminal", "tty", "hostname", "unit"],
  ...["cwd", "cmd", "sig", "exit", "reason", "cause", "syscall", "ses", "old-auid", "old-ses"],
  ...["old_enforcing", "enforcing", "old-enabled", "enabled", "bool", "val", "old_val", "lsm"],
  ...["audit_enabled", "audit_backlog_limit", "audit_failure", "audit_rate_limit", "old", "list"],
  ...["path", "dir", "name", "dev", "prom", "old_prom", "table", "family", "entries", "ver"],
  ...["format", "kernel", "scontext", "tcontext", "tclass", "permissive", "apparmor", "operation"],
  ...["profile", "class", "requested_mask", "denied_mask", "sw", "sw_type", "key_enforce", "vm"],
  ...["old-level", "new-level", "default-role", "selected-context", "fp", "direction", "laddr"],
  ...["ino", "feature", "new", "old_lock", "new_lock", "hash", "root_dir", "fe", "ppid"],
]);

/**
 * @returns undefined for an event that is not recorded. Throws nothing, whatever the records hold.
 */
export function toEvent(kernel: KernelEvent): Mapped | undefined {
  const main = mainRecord(kernel.records);
  if (main === undefined) return undefined;
  const parsed = parse(main);
  const { kind } = parsed;
  const callRecord = kernel.records.find(({ type }) => type === "SYSCALL");
  const call = callRecord === undefined || callRecord === main ? undefined : parse(callRecord);
  if (kind.use === "failure" && outcomeOf(parsed, call) !== "failure") return undefined;
  const of = (key: string) => value(parsed, key) ?? (call && value(call, key));
  const uid = numberOf(of("uid"));
  const loginuid = numberOf(of("auid"));
  const label = parsed.own.get("subj") ?? call?.own.get("subj") ?? "";
  const address = addressOf(value(parsed, "addr"));
  const details: Record<string, unknown> = { at: new Date(kernel.time).toISOString() };
  if (!kernel.daemon) details.serial = kernel.serial;
  keep(details, parsed, call);
  tellParts(details, kernel.records, main);
  if (!kernel.ended) details.incomplete = true;
  const object = objectOf(parsed, details);
  return {
    vital: kind.vital,
    event: {
      source: "auditd",
      action: actionOf(main.type),
      outcome: outcomeOf(parsed, call),
      actor: actorOf(parsed, call, uid, loginuid),
      uid: uid ?? -1,
      loginuid: loginuid ?? -1,
      pid: numberOf(of("pid")) ?? 0,
      label: tidy(label.replace(/\0+$/, ""), 200),
      ...(address === undefined ? {} : { address }),
      ...(object === undefined ? {} : { object: tidy(object) }),
      details,
    },
  };
}

/** The record that gives the event its name; undefined when none is to be recorded. */
function mainRecord(records: readonly RecordHead[]): RecordHead | undefined {
  let best: RecordHead | undefined;
  let rank = 0;
  for (const record of records) {
    const kind = kindOf(record.type);
    const usable = kind.use === "record" || kind.use === "failure";
    if (!usable || kind.rank <= rank) continue;
    best = record;
    rank = kind.rank;
  }
  // A system call that no rule with a key asked for only keeps others company, and those that it
  // kept company are not recorded.
  if (best?.type === "SYSCALL" && / key=\(null\)/.test(best.line) && hasCounted(records))
    return undefined;
  return best;
}

function hasCounted(records: readonly RecordHead[]): boolean {
  return records.some(({ type }) => kindOf(type).use === "count");
}

function parse(record: RecordHead): Parsed {
  return { ...parseFields(record.line, record.at), record, kind: kindOf(record.type) };
}

function actionOf(type: string): string {
  const unknown = /^UNKNOWN\[(\d+)\]$/.exec(type);
  return `auditd.${unknown === null ? type.slice(0, 50) : `UNKNOWN_${unknown[1]}`}`;
}

/** The kernel's word first, then what the program says. */
function value({ own, said }: Fields, key: string): string | undefined {
  const raw = own.get(key) ?? said.get(key);
  return untrusted.has(key) ? decodeUntrusted(raw) : decode(raw);
}

function numberOf(text: string | undefined): number | undefined {
  if (text === undefined || !/^\d{1,10}$/.test(text)) return undefined;
  const number = Number(text);
  return number === none ? undefined : number;
}

/** Who is behind it: the login, which su and sudo do not change; without one the user. */
function actorOf(
  parsed: Fields,
  call: Fields | undefined,
  uid: number | undefined,
  loginuid: number | undefined,
): string {
  const named = (key: string) => decode(parsed.names.get(key) ?? call?.names.get(key));
  const who = loginuid === undefined ? named("UID") : named("AUID");
  if (who !== undefined && who !== "unset" && !who.startsWith("unknown(")) return tidy(who, 100);
  const id = loginuid ?? uid;
  if (id === 0) return "root";
  return id === undefined ? "kernel" : `uid:${id}`;
}

function addressOf(text: string | undefined): string | undefined {
  return text !== undefined && /^[0-9A-Fa-f.:%a-z]{2,64}$/.test(text) ? text : undefined;
}

function outcomeOf(parsed: Parsed, call: Fields | undefined): SourceEvent["outcome"] {
  const { record, own, said } = parsed;
  if (/^(USER_)?AVC$/.test(record.type) && permissionsOf(avcText(parsed), 0) !== "") {
    const denied = /avc:\s+denied\s/.test(record.line);
    return denied && (own.get("permissive") ?? said.get("permissive")) !== "1" ? "refused" : "note";
  }
  if ((own.get("apparmor") ?? "") === '"DENIED"') return "refused";
  if (record.type === "APPARMOR_DENIED") return "refused";
  const result = own.get("res") ?? said.get("res") ?? own.get("success") ?? said.get("result");
  const told = result ?? call?.own.get("success");
  if (told === undefined) return "note";
  if (/^(success|1|yes)$/.test(told)) return "success";
  return /^(failed|failure|0|no)$/.test(told) ? "failure" : "note";
}

/** Where `avc:` stands: at the beginning, or in what a program such as dbus-daemon says. */
function avcText({ record }: Parsed): string {
  const at = record.line.indexOf("avc:", record.at);
  return at < 0 ? "" : record.line.slice(at);
}

function keep(details: Record<string, unknown>, parsed: Parsed, call: Parsed | undefined): void {
  for (const fields of call === undefined ? [parsed] : [parsed, call]) {
    for (const pairs of [fields.own, fields.said]) {
      for (const [key, raw] of pairs) {
        if (!kept.has(key) || details[key] !== undefined) continue;
        const found = untrusted.has(key) ? decodeUntrusted(raw) : decode(raw);
        if (found !== undefined) details[key] = tidy(found);
      }
    }
  }
  const called = call ?? parsed;
  const name = decode(called.names.get("SYSCALL"));
  if (name !== undefined) details.syscall = tidy(name, 40);
  const target = decode(parsed.names.get("ID"));
  if (target !== undefined && details.id !== undefined) details.idName = tidy(target, 100);
  const permissions = permissionsOf(avcText(parsed), 0);
  if (permissions !== "") details.permissions = permissions;
  const keys = decodeUntrusted(parsed.own.get("key") ?? call?.own.get("key"));
  // The kernel puts the byte 1 between the keys of several rules.
  if (keys !== undefined) details.key = tidy(keys.replaceAll("\u0001", " "), 200);
  if (details.ses === String(none)) delete details.ses;
  if (parsed.kind.rank === 2) details.text = tidy(parsed.record.line.slice(parsed.record.at));
}

/** Paths, arguments, directory and peer of a system call. */
function tellParts(
  details: Record<string, unknown>,
  records: readonly RecordHead[],
  main: RecordHead,
): void {
  const paths: string[] = [];
  let morePaths = 0;
  for (const record of records) {
    if (record === main) continue;
    const { type } = record;
    if (type === "PATH") {
      const name = decodeUntrusted(kernelField(record.line, record.at, "name"));
      const kind = kernelField(record.line, record.at, "nametype");
      if (name === undefined || kind === "PARENT") continue;
      if (paths.length < mostPaths) paths.push(tidy(name));
      else morePaths += 1;
    } else if (type === "CWD") {
      const cwd = decodeUntrusted(kernelField(record.line, record.at, "cwd"));
      if (cwd !== undefined) details.cwd = tidy(cwd);
    } else if (type === "EXECVE" && details.command === undefined) {
      details.command = commandOf(records);
    } else if (type === "SOCKADDR") {
      const peer = decode(parseFields(record.line, record.at).names.get("SADDR"));
      if (peer !== undefined) details.peer = tidy(peer, 200);
    } else if (type === "KERN_MODULE") {
      const name = decodeUntrusted(kernelField(record.line, record.at, "name"));
      if (name !== undefined) details.module = tidy(name, 100);
    }
  }
  if (paths.length > 0) details.paths = paths;
  if (morePaths > 0) details.morePaths = morePaths;
  const title = records.find(({ type }) => type === "PROCTITLE");
  if (title === undefined || details.command !== undefined) return;
  const line = decodeUntrusted(kernelField(title.line, title.at, "proctitle"));
  if (line !== undefined) details.command = tidy(line.replace(/\0+$/, "").replaceAll("\0", " "));
}

/** Arguments of execve, which may be spread over several records. */
function commandOf(records: readonly RecordHead[]): string {
  const words: string[] = [];
  for (const record of records) {
    if (record.type !== "EXECVE") continue;
    for (const [key, raw] of parseFields(record.line, record.at).own) {
      if (!/^a\d+$/.test(key) || words.length >= mostArguments) continue;
      const word = decodeUntrusted(raw) ?? "";
      words.push(/^[\w@%+=:,./-]+$/.test(word) ? word : JSON.stringify(word));
    }
  }
  return tidy(words.join(" "), 2048);
}

/** What it is about: a path, a unit, an account, a module. */
function objectOf({ record, said }: Parsed, details: Record<string, unknown>): string | undefined {
  const text = (key: string) => (typeof details[key] === "string" ? details[key] : undefined);
  const [path] = Array.isArray(details.paths) ? (details.paths as string[]) : [];
  if (record.type === "USER_CMD") return text("cmd");
  if (record.type.startsWith("SERVICE_")) return text("unit");
  if (record.type === "KERN_MODULE") return text("name");
  const account = text("acct") ?? text("grp") ?? (said.has("id") ? text("idName") : undefined);
  if (account !== undefined) return account;
  if (path === undefined) return text("path") ?? text("dev") ?? text("name") ?? text("exe");
  const cwd = text("cwd");
  if (path.startsWith("/") || cwd === undefined) return path;
  return cwd === "/" ? `/${path}` : `${cwd}/${path}`;
}
