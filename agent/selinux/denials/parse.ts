/**
 * Reads what SELinux tells from events of the Linux audit system. Formats: security/selinux/avc.c,
 * selinuxfs.c and ss/services.c of the kernel, libselinux's avc.c for programs.
 */
import type { KernelEvent } from "../../audit/sources/auditd/assemble.ts";
import {
  decodeUntrusted,
  kernelField,
  type RecordHead,
} from "../../audit/sources/auditd/record.ts";
import { parseContext, parseRange } from "../context.ts";
import type { Change, Denial, Fault, Finding, Label, Permissions } from "./types.ts";

const separator = "\u001d";
const none = 4_294_967_295;

/** @returns what the event tells of SELinux; nothing for most. Throws nothing, whatever it holds. */
export function findingsOf(event: KernelEvent): Finding[] {
  const findings: Finding[] = [];
  for (const record of event.records) {
    const reader = readers.get(record.type);
    if (reader === undefined || isAppArmor(record)) continue;
    const { time, serial, type } = record;
    findings.push(reader(record, event) ?? { what: "unreadable", time, serial, type });
  }
  return findings;
}

/** AppArmor writes records of the same type. */
function isAppArmor({ line, at }: RecordHead): boolean {
  return line.startsWith(' apparmor="', at);
}

type Reader = (record: RecordHead, event: KernelEvent) => Finding | undefined;

const readers: ReadonlyMap<string, Reader> = new Map<string, Reader>([
  ["AVC", (record, event) => decision(record, event, "kernel")],
  ["USER_AVC", (record, event) => notice(record) ?? decision(record, event, "program")],
  ["SELINUX_ERR", fault],
  ["USER_SELINUX_ERR", fault],
  ["MAC_STATUS", mode],
  ["MAC_POLICY_LOAD", policy],
  ["MAC_CONFIG_CHANGE", boolean],
]);

function decision(record: RecordHead, event: KernelEvent, by: Denial["by"]): Denial | undefined {
  const { line, time, serial } = record;
  const split = line.indexOf(separator, record.at);
  const end = split < 0 ? line.length : split;
  const words = line.indexOf("avc:", record.at);
  const open = line.indexOf("{ ", words);
  const close = line.indexOf(" }", open);
  if (words < 0 || open < 0 || close < 0 || close > end) return undefined;
  const said = line.slice(words + 4, open).trim();
  if (said !== "denied" && said !== "granted") return undefined;
  const permissions = known(permissionLists, line.slice(open + 2, close), listOf);
  // The last ones: a program writes them behind what the asker may have chosen, such as a command.
  const s = line.lastIndexOf(" scontext=", end);
  const t = line.indexOf(" tcontext=", s);
  const c = line.indexOf(" tclass=", t);
  if (s < close || t < 0 || c < 0 || c > end) return undefined;
  const source = known(contexts, line.slice(s + 10, t), contextOf);
  const target = known(contexts, line.slice(t + 10, c), contextOf);
  const after = wordEnd(line, c + 8, end);
  const kind = known(classes, line.slice(c + 8, after), classOf);
  if (!permissions || !source || !target || kind === undefined) return undefined;
  const told = line.startsWith(" permissive=", after) ? line[after + 12] : undefined;
  return {
    what: "denial",
    by,
    decision: said,
    permissive: told === undefined ? undefined : told === "1",
    permissions,
    source,
    target,
    class: kind,
    time,
    serial,
    record,
    event,
  };
}

function wordEnd(line: string, from: number, end: number): number {
  let at = from;
  for (; at < end; at++) {
    const code = line.charCodeAt(at);
    if (code === 32 || code === 39) break;
  }
  return at;
}

/** The same few come again and again. Kept apart from the lines, which are parts of large texts. */
const mostKnown = 20_000;
const contexts = new Map<string, Label | undefined>();
const permissionLists = new Map<string, Permissions | undefined>();
const classes = new Map<string, string | undefined>();

function known<T>(all: Map<string, T>, text: string, make: (text: string) => T): T {
  const found = all.get(text);
  if (found !== undefined) return found;
  const key = ownText(text);
  const made = make(key);
  if (all.size >= mostKnown) all.clear();
  if (made !== undefined) all.set(key, made);
  return made;
}

/** A copy that does not hold on to the text it is a part of; V8 copies up to 12 characters anyway. */
export function ownText(text: string): string {
  return text.length <= 12 ? text : ` ${text}`.slice(1);
}

function contextOf(text: string): Label | undefined {
  const context = parseContext(text);
  return context && { text, type: context.type, range: parseRange(context.range) };
}

/** Numbers stand for permissions that the loaded policy has no name for. */
function listOf(text: string): Permissions | undefined {
  if (!/^[a-z0-9_]+(?: [a-z0-9_]+)*$/.test(text)) return undefined;
  const names = [...new Set(text.split(" "))].sort();
  return { names, text: names.join(" ") };
}

function classOf(text: string): string | undefined {
  return /^[A-Za-z0-9_]{1,64}$/.test(text) ? text : undefined;
}

/**
 * What programs hear from the kernel and write down as USER_AVC. Of the two notices that newer
 * versions of libselinux write, `op=` repeats what the kernel's own records tell.
 */
function notice(record: RecordHead): Change | undefined {
  const { line, at, time, serial } = record;
  const match =
    /avc: {1,2}(?:received (setenforce|policyload) notice \((?:enforcing|seqno)=(\d+)\)|op=(setenforce|load_policy) lsm=selinux (?:enforcing|seqno)=(\d+) res=([01]))/.exec(
      line.slice(at),
    );
  if (match === null) return undefined;
  const [, received, receivedValue, op, opValue, result] = match;
  const isMode = (received ?? op) === "setenforce";
  return {
    what: "change",
    kind: isMode ? "mode" : "policy",
    time,
    serial,
    loginuid: numberOf(kernelField(line, at, "auid")) ?? -1,
    ...(isMode ? { after: receivedValue ?? opValue ?? "" } : {}),
    succeeded: result !== "0",
  };
}

function mode(record: RecordHead): Change | undefined {
  const { line, at } = record;
  const after = kernelField(line, at, "enforcing");
  const before = kernelField(line, at, "old_enforcing");
  if (!isFlag(after) || !isFlag(before)) return undefined;
  return { ...changeOf(record, "mode"), before, after };
}

function policy(record: RecordHead): Change {
  return changeOf(record, "policy");
}

function boolean(record: RecordHead): Change | undefined {
  const { line, at } = record;
  const name = kernelField(line, at, "bool");
  const after = kernelField(line, at, "val");
  const before = kernelField(line, at, "old_val");
  if (name === undefined || !/^\w{1,200}$/.test(name)) return undefined;
  if (!isFlag(after) || !isFlag(before)) return undefined;
  return { ...changeOf(record, "boolean"), name: ownText(name), before, after };
}

function changeOf({ line, at, time, serial }: RecordHead, kind: Change["kind"]): Change {
  const loginuid = numberOf(kernelField(line, at, "auid")) ?? -1;
  const succeeded = kernelField(line, at, "res") !== "0";
  return { what: "change", kind, time, serial, loginuid, succeeded };
}

function isFlag(text: string | undefined): text is "0" | "1" {
  return text === "0" || text === "1";
}

const faultFields = [
  ...["seresult", "reason", "scontext", "tcontext", "tclass", "perms"],
  ...["oldcontext", "newcontext", "taskcontext", "invalid_context"],
];

function fault({ line, at, time, serial }: RecordHead): Fault | undefined {
  // Kernels before 3.16 wrote `security_compute_sid:  invalid context …` instead of op=.
  const operation = kernelField(line, at, "op") ?? /^ (\w+): /.exec(line.slice(at, at + 80))?.[1];
  if (operation === undefined || !/^\w{1,64}$/.test(operation)) return undefined;
  const fields: Record<string, string> = {};
  for (const key of faultFields) {
    const value = kernelField(line, at, key);
    if (value === undefined) continue;
    const text = key === "invalid_context" ? decodeUntrusted(value) : value;
    if (text !== undefined) fields[key] = ownText(text.replace(/\0+$/, "").slice(0, 1_024));
  }
  return { what: "fault", operation: ownText(operation), time, serial, fields };
}

export function numberOf(text: string | undefined): number | undefined {
  if (text === undefined || !/^\d{1,15}$/.test(text)) return undefined;
  const number = Number(text);
  return number === none ? undefined : number;
}
