/**
 * What the programs that let people in, or that let them act as others, write into the journal. It
 * counts only when it comes from the very program.
 */
import type { SourceEvent } from "../types.ts";
import type { JournalEntry } from "./export.ts";

export interface Meaning {
  action: string;
  outcome: SourceEvent["outcome"];
  vital?: boolean;
  actor?: string;
  object?: string;
  address?: string;
  details?: Record<string, string>;
}

type Reader = (message: string, entry: JournalEntry) => Meaning | undefined;

interface Program {
  /** Where Debian installs it. */
  files: readonly string[];
  /** Whether its messages count only from root; the others are set-uid, and run as their caller. */
  root: boolean;
  read: Reader;
}

const pattern =
  (expression: RegExp, meaning: (groups: Record<string, string>) => Meaning): Reader =>
  (message) => {
    const match = expression.exec(message);
    return match === null ? undefined : meaning({ ...match.groups });
  };

const firstOf =
  (...readers: readonly Reader[]): Reader =>
  (message, entry) => {
    for (const read of readers) {
      const meaning = read(message, entry);
      if (meaning !== undefined) return meaning;
    }
    return undefined;
  };

/** Fields of PAM's failures: `rhost=192.0.2.1  user=bob`. */
const pamFailure = pattern(
  /^pam_unix\((?<service>[\w-]+):auth\): authentication failure;.* rhost=(?<from>\S*)\s*(?: user=(?<user>.*))?$/,
  ({ service = "", from = "", user = "" }) => ({
    action: "LoginFailed",
    outcome: "failure",
    vital: true,
    object: user,
    address: from,
    details: { service },
  }),
);

// A user name may hold anything, so it is what is left between the fixed ends.
const sshd = firstOf(
  pattern(
    /^Accepted (?<method>\S+) for (?<user>.*) from (?<from>\S+) port \d+ ssh2(?:: (?<key>.*))?$/,
    ({ method = "", user = "", from = "", key = "" }) => ({
      action: "Login",
      outcome: "success",
      vital: true,
      actor: user,
      object: user,
      address: from,
      details: key === "" ? { method } : { method, key },
    }),
  ),
  pattern(
    /^Failed (?<method>\S+) for (?<unknown>invalid user )?(?<user>.*) from (?<from>\S+) port \d+(?: ssh2)?(?:: .*)?$/,
    ({ method = "", user = "", from = "", unknown = "" }) => ({
      action: "LoginFailed",
      outcome: "failure",
      vital: true,
      object: user,
      address: from,
      details: unknown === undefined || unknown === "" ? { method } : { method, user: "unknown" },
    }),
  ),
  pattern(
    /^(?:Invalid user|Illegal user) (?<user>.*) from (?<from>\S+) port \d+$/,
    ({ user = "", from = "" }) => ({
      action: "LoginFailed",
      outcome: "failure",
      object: user,
      address: from,
      details: { user: "unknown" },
    }),
  ),
  pamFailure,
);

const sudo = firstOf(
  pattern(
    /^\s*(?<who>\S+) : (?:(?<why>[^;=]*) ; )?TTY=(?<tty>\S+) ; PWD=(?<cwd>.*?) ; USER=(?<as>\S+) ;(?: GROUP=\S+ ;)?(?: ENV=.* ;)? COMMAND=(?<command>.*)$/,
    ({ who = "", why = "", tty = "", cwd = "", as = "", command = "" }) => ({
      action: "Sudo",
      outcome: why === "" || why === undefined ? "success" : refusal(why),
      vital: true,
      actor: who,
      object: command,
      details: { as, tty, cwd, ...(why ? { reason: why } : {}) },
    }),
  ),
  pamFailure,
);

function refusal(why: string): "refused" | "failure" {
  return /not in sudoers|not allowed|NOT authorized/i.test(why) ? "refused" : "failure";
}

const su = firstOf(
  pattern(
    /^(?<failed>FAILED SU )?\(to (?<as>\S+)\) (?<who>\S+) on (?<tty>\S+)$/,
    ({ failed = "", as = "", who = "", tty = "" }) => ({
      action: "Su",
      outcome: failed ? "failure" : "success",
      vital: true,
      actor: who,
      object: as,
      details: { tty },
    }),
  ),
  pamFailure,
);

const cockpit = firstOf(
  pattern(
    /^pam_unix\(cockpit:session\): session (?<what>opened|closed) for user (?<user>[^\s(]+)/,
    ({ what = "", user = "" }) => ({
      action: "CockpitSession",
      outcome: "success",
      vital: true,
      actor: user,
      object: user,
      details: { what },
    }),
  ),
  pamFailure,
);

const polkit = firstOf(
  pattern(
    /^Operator of (?<subject>\S+) (?<result>successfully authenticated|FAILED to authenticate) as (?<as>\S+?),? to gain (?:\S+ )?authorization for action (?<action>\S+)/,
    ({ subject = "", result = "", as = "", action = "" }) => ({
      action: "Authorization",
      outcome: result.startsWith("FAILED") ? "failure" : "success",
      vital: true,
      object: action,
      details: { subject, as },
    }),
  ),
);

const session = firstOf(
  pattern(
    /^pam_unix\((?<service>[\w-]+):session\): session (?<what>opened|closed) for user (?<user>[^\s(]+)/,
    ({ service = "", what = "", user = "" }) => ({
      action: what === "opened" ? "SessionOpened" : "SessionClosed",
      outcome: "success",
      actor: user,
      object: user,
      details: { service },
    }),
  ),
);

const ssh: Program = {
  files: ["/usr/sbin/sshd", "/usr/lib/openssh/sshd-session", "/usr/lib/openssh/sshd-auth"],
  root: true,
  read: firstOf(sshd, session),
};

/** By the name that they have in the journal. */
export const programs: Readonly<Record<string, Program>> = {
  sshd: ssh,
  "sshd-session": ssh,
  sudo: { files: ["/usr/bin/sudo"], root: false, read: firstOf(sudo, session) },
  su: { files: ["/usr/bin/su", "/bin/su"], root: false, read: firstOf(su, session) },
  login: {
    files: ["/usr/bin/login", "/bin/login"],
    root: true,
    read: firstOf(pamFailure, session),
  },
  "cockpit-session": {
    files: ["/usr/lib/cockpit/cockpit-session", "/usr/libexec/cockpit-session"],
    root: true,
    read: cockpit,
  },
  polkitd: {
    files: ["/usr/lib/polkit-1/polkitd", "/usr/libexec/polkitd"],
    root: false,
    read: polkit,
  },
};

const byFile = new Map(
  Object.values(programs).flatMap((program) => program.files.map((file) => [file, program])),
);

/** By the file that runs; where the process is gone already, by its name if it ran as root. */
export function programOf(entry: JournalEntry): Program | undefined {
  const file = entry.get("_EXE");
  const root = entry.get("_UID") === "0";
  const program = file === undefined ? undefined : byFile.get(file);
  if (program !== undefined) return program.root && !root ? undefined : program;
  if (file !== undefined || !root) return undefined;
  return programs[entry.get("_COMM") ?? ""];
}
