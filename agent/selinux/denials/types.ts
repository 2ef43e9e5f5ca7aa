/** What the kernel and programs tell of SELinux, record by record. */
import type { KernelEvent } from "../../audit/sources/auditd/assemble.ts";
import type { RecordHead } from "../../audit/sources/auditd/record.ts";
import type { Range } from "../context.ts";

/** A context and what it says; the same object for the same context. */
export interface Label {
  /** As written. */
  readonly text: string;
  readonly type: string;
  /** Undefined where the policy has no levels. */
  readonly range: Range | undefined;
}

export interface Permissions {
  /** In alphabetical order. */
  readonly names: readonly string[];
  /** The same, with blanks between. */
  readonly text: string;
}

/** A decision about an access. */
export interface Denial {
  readonly what: "denial";
  /** A program such as dbus-daemon or systemd decides about its own objects (USER_AVC). */
  readonly by: "kernel" | "program";
  /** `granted` where the policy asks for a record of what it allows. */
  readonly decision: "denied" | "granted";
  /** Whether it was let pass all the same; undefined where the record does not tell. */
  readonly permissive: boolean | undefined;
  readonly permissions: Permissions;
  readonly source: Label;
  readonly target: Label;
  readonly class: string;
  /** Milliseconds since 1970. */
  readonly time: number;
  readonly serial: number;
  /** What more there is to read, see `detailsOf`. Not to be kept: it holds on to what was read. */
  readonly record: RecordHead;
  readonly event: KernelEvent;
}

/** Mode, policy or a boolean changed. */
export interface Change {
  readonly what: "change";
  readonly kind: "mode" | "policy" | "boolean";
  readonly time: number;
  readonly serial: number;
  /** Login of who did it; -1 for none. */
  readonly loginuid: number;
  /** Of a boolean. */
  readonly name?: string;
  /** `0` or `1` before and after; not of a policy. */
  readonly before?: string;
  readonly after?: string;
  readonly succeeded: boolean;
}

/** SELINUX_ERR: something was asked for that the policy has no answer to. */
export interface Fault {
  readonly what: "fault";
  /** For example `security_compute_sid`. */
  readonly operation: string;
  readonly time: number;
  readonly serial: number;
  /** The contexts and the class that are named, by the record's own names. */
  readonly fields: Readonly<Record<string, string>>;
}

/** A record of these types that says something else than it should. */
export interface Unreadable {
  readonly what: "unreadable";
  readonly time: number;
  readonly serial: number;
  readonly type: string;
}

export type Finding = Denial | Change | Fault | Unreadable;

/** Who did what to what, as far as the records of the event tell. */
export interface Details {
  pid?: number;
  uid?: number;
  loginuid?: number;
  /** Short name of the process, which it can choose. */
  process?: string;
  /** Path of the program. */
  program?: string;
  /** Its arguments, which it can change. */
  command?: string;
  /** As the process sees it: within its container. */
  path?: string;
  device?: string;
  inode?: number;
  syscall?: string;
  /** Whether the system call went through. */
  succeeded?: boolean;
  port?: number;
  address?: string;
  /** Number of a capability, or of an ioctl in hexadecimal. */
  capability?: number;
  ioctl?: string;
  /** What a message on the bus or an order to systemd was about. */
  message?: string;
  /** Labels that the loaded policy does not know, on either side. */
  unknownSource?: string;
  unknownTarget?: string;
}
