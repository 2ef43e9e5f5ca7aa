/** The journal: its export format, and what of it is understood and believed. */
import { expect, test } from "vitest";
import { fromJournal } from "../../agent/audit/sources/journal/event.ts";
import { ExportParser, type JournalEntry } from "../../agent/audit/sources/journal/export.ts";
import { messageIds } from "../../agent/audit/sources/journal/matches.ts";

const text = (fields: Record<string, string>) =>
  `${Object.entries(fields)
    .map(([name, value]) => `${name}=${value}\n`)
    .join("")}\n`;

function binary(name: string, value: Buffer): Buffer {
  const length = Buffer.alloc(8);
  length.writeBigUInt64LE(BigInt(value.length));
  return Buffer.concat([Buffer.from(`${name}\n`), length, value, Buffer.from("\n")]);
}

const place = {
  __CURSOR: "s=1;i=2;b=3;m=4;t=5;x=6",
  __REALTIME_TIMESTAMP: "1763760000123456",
};

const entry = (fields: Record<string, string>): JournalEntry =>
  new Map(Object.entries({ ...place, ...fields }));

const sshd = (message: string, more: Record<string, string> = {}) =>
  entry({
    MESSAGE: message,
    SYSLOG_IDENTIFIER: "sshd-session",
    _EXE: "/usr/lib/openssh/sshd-session",
    _COMM: "sshd-session",
    _UID: "0",
    _PID: "900",
    _TRANSPORT: "syslog",
    ...more,
  });

test("entries are read, cut at any place, with values that hold anything", () => {
  const value = Buffer.from("line one\n\nMESSAGE=forged\n__CURSOR=forged\n\u0000\u0001");
  const stream = Buffer.concat([
    Buffer.from(text({ ...place, PRIORITY: "6" }).slice(0, -1)),
    binary("MESSAGE", value),
    Buffer.from("\n"),
    Buffer.from(text({ MESSAGE: "second", EMPTY: "" })),
  ]);
  for (let step = 1; step <= stream.length; step = step < 20 ? step + 1 : step * 2) {
    const parser = new ExportParser();
    const entries: JournalEntry[] = [];
    for (let at = 0; at < stream.length; at += step) {
      entries.push(...parser.push(stream.subarray(at, at + step)));
    }
    expect(entries).toHaveLength(2);
    expect(entries[0]?.get("MESSAGE")).toBe(value.toString("utf8"));
    expect(entries[0]?.get("__CURSOR")).toBe(place.__CURSOR);
    expect(entries[1]?.get("MESSAGE")).toBe("second");
    expect(entries[1]?.get("EMPTY")).toBe("");
  }
});

test("values that are too long are left out, and what follows is read", () => {
  const parser = new ExportParser(100);
  const stream = Buffer.concat([
    binary("COREDUMP", Buffer.alloc(100_000, 10)),
    Buffer.from(`LONG=${"x".repeat(5_000)}\nA=1\n\n`),
  ]);
  const entries: JournalEntry[] = [];
  for (let at = 0; at < stream.length; at += 64) {
    entries.push(...parser.push(stream.subarray(at, at + 64)));
  }
  expect(entries).toHaveLength(1);
  expect([...(entries[0] ?? [])]).toEqual([["A", "1"]]);
});

test("the first of equal fields counts, and too many are left out", () => {
  const parser = new ExportParser(100, 3);
  const [found] = parser.push(Buffer.from("A=1\nA=2\nB=1\nC=1\nD=1\n\n"));
  expect([...(found ?? [])]).toEqual([
    ["A", "1"],
    ["B", "1"],
    ["C", "1"],
  ]);
});

test("a length that cannot be is an error, not a hunger for memory", () => {
  const parser = new ExportParser();
  const nonsense = Buffer.concat([
    Buffer.from("MESSAGE\n"),
    Buffer.alloc(8, 0xff),
    Buffer.alloc(9),
  ]);
  expect(() => parser.push(nonsense)).toThrow("impossible length");
});

test.each([
  [
    sshd("Accepted publickey for alice from 192.0.2.7 port 50000 ssh2: ED25519 SHA256:abc"),
    {
      action: "journal.Login",
      outcome: "success",
      actor: "alice",
      address: "192.0.2.7",
      details: { method: "publickey", key: "ED25519 SHA256:abc", message: /.*/ },
    },
  ],
  [
    sshd("Failed password for bob from 2001:db8::7 port 50000 ssh2"),
    { action: "journal.LoginFailed", outcome: "failure", object: "bob", address: "2001:db8::7" },
  ],
  [
    // The name that somebody typed holds an address and a port of its own.
    sshd(
      "Failed password for invalid user root from 10.0.0.1 port 22 ssh2 from 203.0.113.9 port 50000 ssh2",
    ),
    {
      action: "journal.LoginFailed",
      object: "root from 10.0.0.1 port 22 ssh2",
      address: "203.0.113.9",
      details: { user: "unknown" },
    },
  ],
  [
    entry({
      MESSAGE:
        "   alice : TTY=pts/0 ; PWD=/home/alice ; USER=root ; COMMAND=/usr/bin/cat /etc/shadow",
      SYSLOG_IDENTIFIER: "sudo",
      _EXE: "/usr/bin/sudo",
      _UID: "1000",
      _AUDIT_LOGINUID: "1000",
    }),
    {
      action: "journal.Sudo",
      outcome: "success",
      actor: "alice",
      object: "/usr/bin/cat /etc/shadow",
      loginuid: 1000,
      details: { as: "root", cwd: "/home/alice" },
    },
  ],
  [
    entry({
      MESSAGE: "eve : user NOT in sudoers ; TTY=pts/1 ; PWD=/ ; USER=root ; COMMAND=/bin/sh",
      _EXE: "/usr/bin/sudo",
      _UID: "1001",
    }),
    { action: "journal.Sudo", outcome: "refused", actor: "eve", object: "/bin/sh" },
  ],
  [
    entry({ MESSAGE: "FAILED SU (to root) eve on pts/1", _EXE: "/usr/bin/su", _UID: "1001" }),
    { action: "journal.Su", outcome: "failure", actor: "eve", object: "root" },
  ],
  [
    entry({
      MESSAGE: "pam_unix(cockpit:session): session opened for user alice(uid=1000) by alice(uid=0)",
      _EXE: "/usr/lib/cockpit/cockpit-session",
      _UID: "0",
    }),
    { action: "journal.CockpitSession", actor: "alice", details: { what: "opened" } },
  ],
  [
    entry({
      MESSAGE:
        "pam_unix(cockpit:auth): authentication failure; logname= uid=0 euid=0 tty= ruser= rhost=::ffff:192.0.2.7  user=alice",
      _EXE: "/usr/lib/cockpit/cockpit-session",
      _UID: "0",
    }),
    { action: "journal.LoginFailed", object: "alice", address: "::ffff:192.0.2.7" },
  ],
  [
    entry({
      MESSAGE: "New session 3 of user alice.",
      MESSAGE_ID: messageIds.sessionOpened,
      SESSION_ID: "3",
      USER_ID: "alice",
      _EXE: "/usr/lib/systemd/systemd-logind",
      _UID: "0",
    }),
    { action: "journal.SessionOpened", actor: "alice", details: { session: "3" } },
  ],
  [
    entry({
      MESSAGE: "dsecos-agent.service: Failed with result 'signal'.",
      MESSAGE_ID: messageIds.unitFailed,
      UNIT: "dsecos-agent.service",
      UNIT_RESULT: "signal",
      _EXE: "/usr/lib/systemd/systemd",
      _UID: "0",
      _PID: "1",
    }),
    {
      action: "journal.UnitFailed",
      outcome: "failure",
      object: "dsecos-agent.service",
      details: { result: "signal" },
    },
  ],
  [
    entry({
      MESSAGE:
        "Operator of unix-session:3 successfully authenticated as unix-user:alice to gain ONE-SHOT authorization for action org.dsecos.tenants.delete for system-bus-name::1.9 [cockpit-bridge] (owned by unix-user:alice)",
      _EXE: "/usr/lib/polkit-1/polkitd",
      _UID: "996",
    }),
    {
      action: "journal.Authorization",
      outcome: "success",
      object: "org.dsecos.tenants.delete",
      details: { as: "unix-user:alice" },
    },
  ],
  [
    entry({
      MESSAGE: "Lockdown: modprobe: unsigned module loading is restricted",
      _TRANSPORT: "kernel",
    }),
    { action: "journal.Kernel", actor: "kernel" },
  ],
])("%# is understood", (given, expected) => {
  const mapped = fromJournal(given);
  const details = (expected as { details?: Record<string, unknown> }).details;
  if (details !== undefined) delete details.message;
  expect(mapped?.event).toMatchObject(expected);
  expect(mapped?.event.details).toMatchObject({
    at: "2025-11-21T21:20:00.123Z",
    cursor: place.__CURSOR,
  });
});

test.each([
  // Anybody can write under any name.
  {
    MESSAGE: "Accepted password for root from 192.0.2.7 port 1 ssh2",
    _EXE: "/usr/bin/logger",
    _UID: "1000",
    SYSLOG_IDENTIFIER: "sshd",
  },
  {
    MESSAGE: "root : TTY=pts/0 ; PWD=/ ; USER=root ; COMMAND=/bin/true",
    _EXE: "/usr/bin/logger",
    _UID: "0",
    SYSLOG_IDENTIFIER: "sudo",
  },
  // A copy of a program in somebody's home, or a name that a program gave itself.
  {
    MESSAGE: "root : TTY=pts/0 ; PWD=/ ; USER=root ; COMMAND=/bin/true",
    _EXE: "/home/eve/usr/bin/sudo",
    _COMM: "sudo",
    _UID: "1001",
    SYSLOG_IDENTIFIER: "sudo",
  },
  {
    MESSAGE: "root : TTY=pts/0 ; PWD=/ ; USER=root ; COMMAND=/bin/true",
    _COMM: "sudo",
    _UID: "1001",
    SYSLOG_IDENTIFIER: "sudo",
  },
  // sshd's helper without privileges has no say about logins.
  {
    MESSAGE: "Accepted password for root from 192.0.2.7 port 1 ssh2",
    _EXE: "/usr/sbin/sshd",
    _UID: "105",
    SYSLOG_IDENTIFIER: "sshd",
  },
  {
    MESSAGE: "New session 9 of user root.",
    MESSAGE_ID: messageIds.sessionOpened,
    USER_ID: "root",
    _EXE: "/usr/bin/python3",
    _UID: "0",
  },
])("what comes from elsewhere is a message, and not believed: %#", (fields) => {
  const mapped = fromJournal(entry(fields as Record<string, string>));
  expect(mapped?.event).toMatchObject({
    action: "journal.Message",
    outcome: "note",
    details: { unproven: "yes" },
  });
  expect(mapped?.vital).toBe(false);
  // The actor is the writer, whoever the message speaks of.
  expect(mapped?.event.actor).toBe(fields._UID === "0" ? "root" : `uid:${fields._UID}`);
});

test("what nobody needs is only counted", () => {
  expect(fromJournal(entry({ MESSAGE: "eth0: link up", _TRANSPORT: "kernel" }))).toBeUndefined();
  const audit = (rest: string) =>
    fromJournal(entry({ MESSAGE: `audit: ${rest}`, _TRANSPORT: "kernel" }))?.event.action;
  expect(audit('type=1307 audit(1.234:5): cwd="/root"')).toBeUndefined();
  expect(audit('type=1400 audit(1.234:5): apparmor="DENIED"')).toBe("journal.Kernel");
  expect(audit("audit_lost=3 audit_rate_limit=0")).toBe("journal.Kernel");
  const chat = { MESSAGE: "hello", PRIORITY: "6", _SYSTEMD_UNIT: "incus.service", _UID: "0" };
  expect(fromJournal(entry(chat))).toBeUndefined();
  expect(fromJournal(entry({ ...chat, PRIORITY: "3" }))?.event.action).toBe("journal.Message");
});

test("messages of any size and content come out safe and bounded", () => {
  const mapped = fromJournal(
    sshd(`Failed none for ${"\n\u0000é".repeat(30_000)} from 192.0.2.7 port 1 ssh2`),
  );
  const json = JSON.stringify(mapped?.event);
  expect(json.length).toBeLessThan(16_000);
  expect([...json].every((character) => character >= " ")).toBe(true);
  for (const message of ["", "=", "Accepted", "(to ) on", ": TTY=", "\u0000"]) {
    expect(fromJournal(sshd(message))?.event.action).toBe("journal.Message");
  }
});
