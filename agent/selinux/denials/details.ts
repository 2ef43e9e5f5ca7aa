/** What the records around a denial tell of who did what. */
import {
  decode,
  decodeUntrusted,
  kernelField,
  parseFields,
  type RecordHead,
} from "../../audit/sources/auditd/record.ts";
import { tidy } from "../../audit/sources/types.ts";
import { numberOf, ownText } from "./parse.ts";
import type { Denial, Details } from "./types.ts";

const longest = 1_024;

/** Reads at leisure what `findingsOf` passes over; for a sample of many that are alike. */
export function detailsOf({ record, event, by, permissions }: Denial): Details {
  const details: Details = {};
  if (by === "program") fromProgram(details, record);
  else fromKernel(details, record, permissions.names);
  const call = event.records.find(({ type }) => type === "SYSCALL");
  if (call !== undefined) fromCall(details, call);
  const title = event.records.find(({ type }) => type === "PROCTITLE");
  if (title !== undefined) put(details, "command", commandOf(title));
  const path = pathOf(record, event.records, details);
  if (path !== undefined) put(details, "path", path);
  return details;
}

type TextKey = {
  [K in keyof Details]-?: Details[K] extends string | undefined ? K : never;
}[keyof Details];

/** The first that tells it counts. */
function put(details: Details, key: TextKey, value: string | undefined): void {
  if (value === undefined || value === "" || details[key] !== undefined) return;
  details[key] = ownText(tidy(value, longest));
}

type NumberKey = {
  [K in keyof Details]-?: Details[K] extends number | undefined ? K : never;
}[keyof Details];

function count(details: Details, key: NumberKey, text: string | undefined): void {
  const value = numberOf(text);
  if (value !== undefined) details[key] ??= value;
}

function fromKernel(details: Details, { line, at }: RecordHead, permissions: readonly string[]) {
  const of = (key: string) => kernelField(line, at, key);
  count(details, "pid", of("pid"));
  count(details, "inode", of("ino"));
  count(details, "capability", of("capability"));
  // Which end is meant: a socket is bound to its own port, and connects to another's.
  const own = permissions.includes("name_bind");
  count(details, "port", own ? of("src") : (of("dest") ?? of("src")));
  put(details, "address", decode(own ? of("saddr") : (of("daddr") ?? of("saddr"))));
  put(details, "process", decodeUntrusted(of("comm")));
  put(details, "path", decodeUntrusted(of("path")));
  put(details, "device", decodeUntrusted(of("dev")));
  put(details, "ioctl", of("ioctlcmd")?.replace(/^(?!0x)/, "0x"));
  put(details, "unknownSource", decodeUntrusted(of("srawcon")));
  put(details, "unknownTarget", decodeUntrusted(of("trawcon")));
}

/** Of dbus-daemon, dbus-broker and systemd, each with fields of its own. */
function fromProgram(details: Details, { line, at }: RecordHead): void {
  const { own, said } = parseFields(line, at);
  const of = (key: string) => decode(said.get(key));
  // The process that asked; `own` tells of the program that decided.
  count(details, "pid", of("spid") ?? of("pid"));
  count(details, "uid", of("uid"));
  count(details, "loginuid", of("auid"));
  put(details, "path", of("path"));
  put(details, "command", of("cmdline"));
  const call = [of("interface"), of("member")].filter((text) => text !== undefined).join(".");
  const about = [call, of("dest") && `to ${of("dest")}`, of("function")].filter(Boolean).join(" ");
  put(details, "message", about);
  put(details, "program", decodeUntrusted(said.get("exe") ?? own.get("exe")));
}

function fromCall(details: Details, { line, at }: RecordHead): void {
  const of = (key: string) => kernelField(line, at, key);
  put(details, "program", decodeUntrusted(of("exe")));
  put(details, "process", decodeUntrusted(of("comm")));
  count(details, "pid", of("pid"));
  count(details, "uid", of("uid"));
  count(details, "loginuid", of("auid"));
  const success = of("success");
  if (success === "yes" || success === "no") details.succeeded = success === "yes";
  put(details, "syscall", parseFields(line, at).names.get("SYSCALL") ?? of("syscall"));
}

function commandOf({ line, at }: RecordHead): string | undefined {
  const title = decodeUntrusted(kernelField(line, at, "proctitle"));
  return title?.replace(/\0+$/, "").replaceAll("\0", " ");
}

/**
 * The denial itself often tells one name only. The whole path is in the PATH record with the same
 * inode, or in the only one that is no directory on the way.
 */
function pathOf(
  denial: RecordHead,
  records: readonly RecordHead[],
  details: Details,
): string | undefined {
  if (details.path !== undefined) return undefined;
  let best: string | undefined;
  for (const { type, line, at } of records) {
    if (type !== "PATH") continue;
    const name = decodeUntrusted(kernelField(line, at, "name"));
    if (name === undefined) continue;
    const inode = numberOf(kernelField(line, at, "inode"));
    if (details.inode !== undefined && inode === details.inode) {
      best = name;
      break;
    }
    if (kernelField(line, at, "nametype") !== "PARENT") best ??= name;
  }
  best ??= decodeUntrusted(kernelField(denial.line, denial.at, "name"));
  if (best === undefined || best.startsWith("/")) return best;
  const cwd = records.find(({ type }) => type === "CWD");
  const from = cwd && decodeUntrusted(kernelField(cwd.line, cwd.at, "cwd"));
  if (from === undefined || !best.includes("/")) return best;
  return from === "/" ? `/${best}` : `${from}/${best}`;
}
