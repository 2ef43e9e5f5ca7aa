/**
 * From an entry of the journal to an event of the log. Anybody can write any message under any
 * identifier; only the fields that begin with an underscore are journald's own word. So a message
 * is understood only when it comes from the very program that it seems to come from.
 */
import { type SourceEvent, tidy } from "../types.ts";
import type { JournalEntry } from "./export.ts";
import { messageIds } from "./matches.ts";
import { type Meaning, programOf, programs } from "./programs.ts";

export interface MappedEntry {
  event: SourceEvent;
  vital: boolean;
}

/** systemd's and journald's own messages, by id. */
const byId = new Map<string, (entry: JournalEntry) => Meaning>([
  [messageIds.sessionOpened, (entry) => ofSession("SessionOpened", entry)],
  [messageIds.sessionClosed, (entry) => ofSession("SessionClosed", entry)],
  [messageIds.unitStarted, (entry) => ofUnit("UnitStarted", "success", entry)],
  [messageIds.unitStopped, (entry) => ofUnit("UnitStopped", "success", entry)],
  [messageIds.unitNotStarted, (entry) => ofUnit("UnitFailed", "failure", entry)],
  [messageIds.unitFailed, (entry) => ofUnit("UnitFailed", "failure", entry)],
  [messageIds.processKilled, (entry) => ofUnit("UnitProcessEnded", "note", entry)],
  [messageIds.outOfMemory, (entry) => ofUnit("OutOfMemory", "failure", entry)],
  [messageIds.timeChanged, () => ({ action: "TimeChanged", outcome: "note", vital: true })],
  [messageIds.coreDumped, (entry) => ofCrash(entry)],
  [messageIds.journalStarted, () => ({ action: "JournalStarted", outcome: "note", vital: true })],
  [messageIds.journalStopped, () => ({ action: "JournalStopped", outcome: "note", vital: true })],
  [messageIds.entriesMissed, () => ({ action: "EntriesMissed", outcome: "failure", vital: true })],
]);

function ofSession(action: string, entry: JournalEntry): Meaning {
  const user = entry.get("USER_ID") ?? "";
  const session = entry.get("SESSION_ID") ?? "";
  return {
    action,
    outcome: "success",
    vital: true,
    actor: user,
    object: user,
    details: { session },
  };
}

function ofUnit(action: string, outcome: SourceEvent["outcome"], entry: JournalEntry): Meaning {
  const result = entry.get("UNIT_RESULT") ?? entry.get("EXIT_STATUS") ?? "";
  const details = result === "" ? {} : { result };
  return { action, outcome, vital: true, object: entry.get("UNIT") ?? "", details };
}

function ofCrash(entry: JournalEntry): Meaning {
  const signal = entry.get("COREDUMP_SIGNAL_NAME") ?? "";
  const object = entry.get("COREDUMP_COMM") ?? "";
  return { action: "Crash", outcome: "failure", object, details: { signal } };
}

/** Of the kernel's own messages, those that tell of the node's security or soundness. */
const kernelPattern =
  /lockdown|apparmor=|selinux|audit: |integrity:|\bima\b|module verification|out-of-tree module|taints? kernel|segfault|general protection|oops:|kernel bug|panic|out of memory|oom-kill|\btpm|secure boot|secureboot|new usb device found|promiscuous mode|hung_task|blocked for more than|-fs error|i\/o error|machine check|kexec|mce:/i;

/**
 * Parts of system calls that the kernel prints while auditd is not there or too slow: SYSCALL, PATH,
 * SOCKADDR, CWD, EXECVE, EOE, PROCTITLE. auditd gets them later; other types tell something alone.
 */
const auditParts = /^audit: type=(1300|1302|1306|1307|1309|1320|1327) audit\(/;

/** @returns undefined for what is only counted */
export function fromJournal(entry: JournalEntry): MappedEntry | undefined {
  const message = entry.get("MESSAGE") ?? "";
  const found = understand(entry, message);
  if (found === undefined) return undefined;
  const uid = idOf(entry.get("_UID"));
  const loginuid = idOf(entry.get("_AUDIT_LOGINUID"));
  const microseconds = Number(entry.get("__REALTIME_TIMESTAMP"));
  const details: Record<string, unknown> = {
    at: new Date(Number.isFinite(microseconds) ? microseconds / 1000 : 0).toISOString(),
    cursor: tidy(entry.get("__CURSOR") ?? "", 400),
  };
  const from = entry.get("_SYSTEMD_UNIT") ?? entry.get("_EXE") ?? entry.get("_TRANSPORT");
  if (from !== undefined) details.from = tidy(from, 200);
  details.message = tidy(message);
  for (const [key, text] of Object.entries(found.details ?? {})) details[key] = tidy(text);
  const { address, object } = found;
  return {
    vital: found.vital ?? false,
    event: {
      source: "journal",
      action: `journal.${found.action}`,
      outcome: found.outcome,
      actor: tidy(found.actor || fallbackActor(loginuid ?? uid), 100),
      uid: uid ?? -1,
      loginuid: loginuid ?? -1,
      pid: idOf(entry.get("_PID")) ?? 0,
      label: tidy((entry.get("_SELINUX_CONTEXT") ?? "").replace(/[\n\0]+$/, ""), 200),
      ...(address !== undefined && /^[0-9A-Za-z.:%_-]{1,255}$/.test(address) ? { address } : {}),
      ...(object === undefined || object === "" ? {} : { object: tidy(object) }),
      details,
    },
  };
}

function understand(entry: JournalEntry, message: string): Meaning | undefined {
  const id = entry.get("MESSAGE_ID");
  const known = id === undefined ? undefined : byId.get(id);
  if (known !== undefined && isSystemd(entry)) return known(entry);
  if (entry.get("_TRANSPORT") === "kernel") {
    if (!kernelPattern.test(message) || auditParts.test(message)) return undefined;
    return { action: "Kernel", outcome: "note", actor: "kernel" };
  }
  const claimed = programs[entry.get("SYSLOG_IDENTIFIER") ?? ""];
  const program = programOf(entry);
  if (program !== undefined) {
    const meaning = program.read(message, entry);
    return meaning ?? { action: "Message", outcome: "note" };
  }
  // Somebody else under the name of such a program, or one that ended before journald looked.
  if (claimed !== undefined || known !== undefined)
    return { action: "Message", outcome: "note", details: { unproven: "yes" } };
  const priority = Number(entry.get("PRIORITY") ?? 6);
  return priority <= 4 ? { action: "Message", outcome: "note" } : undefined;
}

function isSystemd(entry: JournalEntry): boolean {
  if (entry.get("_UID") !== "0") return false;
  const file = entry.get("_EXE");
  return file === undefined ? entry.get("_PID") === "1" : file.startsWith("/usr/lib/systemd/");
}

function idOf(text: string | undefined): number | undefined {
  if (text === undefined || !/^\d{1,10}$/.test(text)) return undefined;
  const id = Number(text);
  return id === 4_294_967_295 ? undefined : id;
}

function fallbackActor(id: number | undefined): string {
  if (id === 0) return "root";
  return id === undefined ? "kernel" : `uid:${id}`;
}
