/** Records of the Linux audit system: their forms, and what hostile people write into them. */
import { expect, test } from "vitest";
import { canonical } from "../../agent/audit/canonical.ts";
import { Assembler, isWhole, type KernelEvent } from "../../agent/audit/sources/auditd/assemble.ts";
import { toEvent } from "../../agent/audit/sources/auditd/event.ts";
import { kindOf, knownTypes } from "../../agent/audit/sources/auditd/kinds.ts";
import { Lines } from "../../agent/audit/sources/auditd/lines.ts";
import {
  decodeUntrusted,
  kernelField,
  parseFields,
  parseHead,
} from "../../agent/audit/sources/auditd/record.ts";
import { Serials } from "../../agent/audit/sources/auditd/serials.ts";
import { fileEvent } from "../lib/auditd-fake.ts";

/** `|` stands for the byte between a record and what auditd looked up. */
function eventOf(...lines: string[]): KernelEvent {
  const events: KernelEvent[] = [];
  const assembler = new Assembler((event) => events.push(event));
  for (const line of lines) assembler.line(line.replaceAll("|", "\u001d"), 0);
  assembler.flush();
  if (events.length !== 1 || events[0] === undefined) throw new Error("not one event");
  return { ...events[0], ended: true };
}

const mapped = (...lines: string[]) => toEvent(eventOf(...lines));
const stamp = "msg=audit(1763760000.123:77):";
const ids = "auid=1000 uid=0 gid=0 euid=0 suid=0 fsuid=0 egid=0 sgid=0 fsgid=0 tty=pts0 ses=3";
const looked = `|ARCH=x86_64 SYSCALL=openat AUID="alice" UID="root"`;
const call = (key: string, more = "") =>
  `type=SYSCALL ${stamp} arch=c000003e syscall=257 success=yes exit=3 a0=ffffff9c items=1 ppid=1 pid=2 ${ids} comm="vi" exe="/usr/bin/vi" subj=unconfined key=${key}${more}${looked}`;

test("heads are read, and what is no record is none", () => {
  expect(parseHead(`type=LOGIN ${stamp} pid=1`)).toMatchObject({
    type: "LOGIN",
    time: 1763760000123,
    serial: 77,
  });
  expect(parseHead(`node=n1 type=AVC ${stamp} avc:`)?.type).toBe("AVC");
  expect(parseHead(`type=UNKNOWN[1420] ${stamp} x=1`)?.type).toBe("UNKNOWN[1420]");
  for (const bad of [
    "",
    "type=",
    "type=LOGIN",
    "type=LOGIN msg=audit(1.2:3): a=b",
    "type=LOGIN msg=audit(1.234:-3): a=b",
    "type=LOGIN msg=audit(1.234:3",
    "type=LOGIN msg=audit(1.234:99999999999): a=b",
    "type=lo gin msg=audit(1.234:3): a=b",
    `type=LOGIN ${stamp} pid=1 exe="/bin/type=LOGIN ${stamp} pid=2`,
  ]) {
    expect(parseHead(bad)).toBeUndefined();
  }
});

test("nothing that a user or a program writes stands in for what the kernel says", () => {
  const line = `type=USER_AUTH ${stamp} pid=5 uid=0 auid=4294967295 ses=4294967295 subj=sshd msg='op=PAM:authentication acct=${Buffer.from('root" uid=1 auid=0 res=success').toString("hex").toUpperCase()} exe="/usr/sbin/sshd" uid=77 auid=0 hostname=203.0.113.9 addr=203.0.113.9 terminal=ssh res=failed res=success'|UID="root" AUID="unset"`;
  const result = mapped(line);
  expect(result?.event).toMatchObject({
    action: "auditd.USER_AUTH",
    outcome: "failure",
    actor: "root",
    uid: 0,
    loginuid: -1,
    pid: 5,
    address: "203.0.113.9",
    object: 'root" uid=1 auid=0 res=success',
  });
  expect(result?.vital).toBe(true);
  const { own, said } = parseFields(line, parseHead(line)?.at ?? 0);
  expect(own.get("uid")).toBe("0");
  expect(said.get("uid")).toBe("77");
  expect(own.has("__proto__")).toBe(false);
  const nasty = mapped(
    `type=USER_LOGIN ${stamp} pid=1 uid=0 auid=1 ses=1 msg='__proto__=1 constructor=2 op=login acct="x" res=success'`,
  );
  expect(Object.getPrototypeOf(nasty?.event.details)).toBe(Object.prototype);
});

test("a quote in an account's name ends nothing", () => {
  const line = `type=USER_LOGIN ${stamp} pid=1 uid=0 auid=1000 ses=3 msg='op=login acct="o'brien" exe="/usr/sbin/sshd" hostname=? addr=? terminal=ssh res=failed'|AUID="o'brien"`;
  expect(mapped(line)?.event).toMatchObject({
    object: "o'brien",
    outcome: "failure",
    actor: "o'brien",
  });
});

test("names with line breaks, quotes and binary come out safe and bounded", () => {
  const hex = (text: string | Buffer) => Buffer.from(text).toString("hex").toUpperCase();
  const evil = hex(`a\nb\u0000c"\u2028\u202etype=x`);
  const huge = hex("A".repeat(6_000));
  const binary = hex(Buffer.from([0xff, 0xfe, 0x41, 0xed, 0xa0, 0x80]));
  const result = mapped(
    call('"k"'),
    `type=CWD ${stamp} cwd=${huge}`,
    `type=PATH ${stamp} item=0 name=${evil} inode=1 nametype=NORMAL`,
    `type=PATH ${stamp} item=1 name=${binary} inode=1 nametype=CREATE`,
    `type=PATH ${stamp} item=2 name=(null) inode=1 nametype=UNKNOWN`,
    `type=PROCTITLE ${stamp} proctitle=${hex("rm\u0000-rf\u0000a b")}`,
  );
  const details: Record<string, unknown> = result?.event.details ?? {};
  expect(details.command).toBe("rm -rf a b");
  const text = canonical(result?.event as never);
  expect([...text].every((character) => character >= " " && character !== "\u2028")).toBe(true);
  expect(text.length).toBeLessThan(16_000);
  expect((details.paths as string[])[0]).toContain("\\u000ab\\u0000c");
});

test("a denial by SELinux tells who wanted what from whom", () => {
  const avc = `type=AVC ${stamp} avc:  denied  { read write } for  pid=1400 comm="nginx" name="shadow" dev="vda1" ino=131 scontext=system_u:system_r:httpd_t:s0 tcontext=system_u:object_r:shadow_t:s0 tclass=file permissive=0`;
  expect(mapped(avc, call("(null)"))?.event).toMatchObject({
    action: "auditd.AVC",
    outcome: "refused",
    pid: 1400,
    details: {
      permissions: "read write",
      scontext: "system_u:system_r:httpd_t:s0",
      tclass: "file",
      syscall: "openat",
    },
  });
  expect(mapped(avc.replace("permissive=0", "permissive=1"))?.event.outcome).toBe("note");
  const bus = `type=USER_AVC ${stamp} pid=1 uid=102 auid=4294967295 ses=4294967295 subj=dbusd msg='avc:  denied  { send_msg } for msgtype=method_call interface=org.x member=Y dest=:1.2 scontext=a tcontext=b tclass=dbus permissive=0  exe="/usr/bin/dbus-daemon" sauid=102 hostname=? addr=? terminal=?'`;
  expect(mapped(bus)?.event).toMatchObject({
    outcome: "refused",
    details: { permissions: "send_msg" },
  });
  const armor = `type=AVC ${stamp} apparmor="DENIED" operation="open" class="file" profile="snap" name="/etc/shadow" pid=9 comm="cat" requested_mask="r" denied_mask="r" fsuid=0 ouid=0`;
  expect(mapped(armor)?.event).toMatchObject({ outcome: "refused", object: "/etc/shadow" });
});

test.each([
  [
    `type=USER_CMD ${stamp} pid=1301 uid=1000 auid=1000 ses=3 msg='cwd="/home/alice" cmd=6C73202D6C202F726F6F74 exe="/usr/bin/sudo" terminal=pts/0 res=success'|UID="alice" AUID="alice"`,
    { action: "auditd.USER_CMD", object: "ls -l /root", actor: "alice", outcome: "success" },
  ],
  [
    `type=ADD_USER ${stamp} pid=1 uid=0 auid=1000 ses=3 msg='op=add-user acct="bob" exe="/usr/sbin/useradd" hostname=? addr=? terminal=pts/0 res=success'|AUID="alice"`,
    { action: "auditd.ADD_USER", object: "bob", actor: "alice", outcome: "success" },
  ],
  [
    `type=MAC_STATUS ${stamp} enforcing=0 old_enforcing=1 auid=1000 ses=3 enabled=1 old-enabled=1 lsm=selinux res=1|AUID="alice"`,
    {
      action: "auditd.MAC_STATUS",
      actor: "alice",
      details: { enforcing: "0", old_enforcing: "1" },
    },
  ],
  [
    `type=MAC_POLICY_LOAD ${stamp} auid=1000 ses=3 lsm=selinux res=1|AUID="alice"`,
    { action: "auditd.MAC_POLICY_LOAD", outcome: "success", loginuid: 1000 },
  ],
  [
    `type=CONFIG_CHANGE ${stamp} auid=1000 ses=3 subj=auditctl op=remove_rule key="dsecos" list=4 res=1|AUID="alice"`,
    { action: "auditd.CONFIG_CHANGE", details: { op: "remove_rule", key: "dsecos" } },
  ],
  [
    `type=ANOM_PROMISCUOUS ${stamp} dev=veth1 prom=256 old_prom=0 auid=4294967295 uid=0 gid=0 ses=4294967295|UID="root"`,
    { action: "auditd.ANOM_PROMISCUOUS", object: "veth1", loginuid: -1, uid: 0 },
  ],
  [
    `type=SERVICE_STOP ${stamp} pid=1 uid=0 auid=4294967295 ses=4294967295 msg='unit=dsecos-agent comm="systemd" exe="/usr/lib/systemd/systemd" hostname=? addr=? terminal=? res=failed'`,
    { action: "auditd.SERVICE_STOP", object: "dsecos-agent", outcome: "failure" },
  ],
  [
    `type=LOGIN ${stamp} pid=1700 uid=0 subj=sshd old-auid=4294967295 auid=1001 tty=(none) old-ses=4294967295 ses=4 res=1|AUID="bob"`,
    { action: "auditd.LOGIN", actor: "bob", loginuid: 1001, outcome: "success" },
  ],
  [
    `type=USER_ACCT ${stamp} user pid=1 uid=0 auid=4294967295 msg='PAM: accounting acct=root : exe="/usr/sbin/crond" (hostname=?, addr=?, terminal=cron res=failed)'`,
    { action: "auditd.USER_ACCT", object: "root", outcome: "failure" },
  ],
  [
    `type=DAEMON_END ${stamp} op=terminate auid=0 uid=0 ses=1 pid=1 subj=init res=success|AUID="root"`,
    { action: "auditd.DAEMON_END", actor: "root" },
  ],
  [
    `type=UNKNOWN[1499] ${stamp} something=new res=1`,
    { action: "auditd.UNKNOWN_1499", details: { text: " something=new res=1" } },
  ],
])("%s", (line, expected) => {
  expect(mapped(line)?.event).toMatchObject(expected);
});

test("a command's arguments are put together as they were given", () => {
  const result = mapped(
    call('"run"').replace("syscall=257", "syscall=59"),
    `type=EXECVE ${stamp} argc=3 a0="rm" a1="-rf" a2=2F746D702F6120622263`,
    `type=CWD ${stamp} cwd="/root"`,
    `type=PATH ${stamp} item=0 name="/usr/bin/rm" nametype=NORMAL`,
  );
  expect(result?.event.details.command).toBe('rm -rf "/tmp/a b\\"c"');
  expect(result?.event.object).toBe("/usr/bin/rm");
});

test("what is only counted is not recorded, failures of some kinds are", () => {
  expect(
    mapped(`type=CRED_DISP ${stamp} pid=1 uid=0 auid=0 ses=1 msg='op=x res=success'`),
  ).toBeUndefined();
  expect(mapped(`type=TTY ${stamp} tty pid=1 data=70617373`, call("(null)"))).toBeUndefined();
  expect(mapped(`type=BPF ${stamp} prog-id=3 op=LOAD`, call("(null)"))).toBeUndefined();
  const account = `type=USER_ACCT ${stamp} pid=1 uid=0 auid=0 ses=1 msg='op=PAM:accounting acct="a" res=`;
  expect(mapped(`${account}success'`)).toBeUndefined();
  expect(mapped(`${account}failed'`)?.event.outcome).toBe("failure");
  for (const [type, kind] of knownTypes()) {
    expect(type).toMatch(/^[A-Z][A-Z0-9_]*$/);
    expect(kind.why).not.toBe("");
  }
  expect(kindOf("NEVER_HEARD_OF").use).toBe("record");
});

test("values in brackets and numbers stay what they are", () => {
  const result = mapped(call('"k"').replace("tty=pts0", "tty=(none)"));
  expect(result?.event.details).not.toHaveProperty("tty");
  expect(mapped(call("(null)"))?.event.details).not.toHaveProperty("key");
  const user = `type=DEL_USER ${stamp} pid=812 uid=0 auid=0 ses=17 subj=unconfined msg='op=delete-user id=1000 exe="/usr/sbin/userdel" hostname=? addr=? terminal=? res=success'|UID="root" AUID="root" ID="mallory"`;
  expect(mapped(user)?.event).toMatchObject({
    object: "mallory",
    details: { id: "1000", idName: "mallory" },
  });
  const counted = eventOf(
    `type=BPF ${stamp} prog-id=3 op=LOAD`,
    call("(null)").replace("items=1", "items=0"),
    `type=PROCTITLE ${stamp} proctitle="systemd"`,
  );
  expect(isWhole(counted, true)).toBe(true);
});

test("an event of which any one record was lost is seen not to be whole", () => {
  const records = fileEvent(9, 1763760000000);
  const assembled = (lines: readonly string[]) => {
    const events: KernelEvent[] = [];
    const assembler = new Assembler((event) => events.push(event));
    for (const line of lines) assembler.line(line, 0);
    assembler.flush();
    return events[0];
  };
  const whole = assembled(records);
  expect(whole !== undefined && isWhole(whole, true)).toBe(true);
  // The end is no record of its own: without it the event is only closed later.
  for (let lost = 0; lost < records.length - 1; lost++) {
    const part = assembled(records.filter((_, index) => index !== lost));
    expect(part !== undefined && isWhole(part, true)).toBe(false);
  }
  // An AVC that was lost leaves a system call that nothing asked for.
  const lonely = eventOf(
    call("(null)"),
    `type=CWD ${stamp} cwd="/"`,
    `type=PATH ${stamp} item=0 name="a"`,
    `type=PROCTITLE ${stamp} proctitle="a"`,
  );
  expect(isWhole(lonely, true)).toBe(false);
});

test("single fields are found where they begin, and nowhere else", () => {
  const line = `type=PATH ${stamp} item=0 name="inode=5" inode=7 nametype=NORMAL\u001dOUID="root" extra=1`;
  const at = parseHead(line)?.at ?? 0;
  expect(kernelField(line, at, "inode")).toBe("7");
  expect(kernelField(line, at, "nametype")).toBe("NORMAL");
  expect(kernelField(line, at, "extra")).toBeUndefined();
  expect(decodeUntrusted("2F746D70")).toBe("/tmp");
  expect(decodeUntrusted('"2F746D70"')).toBe("2F746D70");
  expect(decodeUntrusted("(null)")).toBeUndefined();
  expect(decodeUntrusted("2F7")).toBe("2F7");
});

test("rubbish of any kind makes no exception", () => {
  let state = 7;
  const next = () => {
    state = (state * 1103515245 + 12345) % 2147483648;
    return state;
  };
  const pieces = [
    "type=AVC ",
    stamp,
    " ",
    "=",
    "'",
    '"',
    "msg='",
    "\u001d",
    "a0=",
    "FF",
    "\n",
    "\u0000",
    "name=",
    "(null)",
    "avc:  denied  { ",
    "}",
    "é",
    "key=",
    "items=",
    ")",
    "(",
  ];
  for (let round = 0; round < 5_000; round++) {
    let line = round % 2 === 0 ? `type=SYSCALL ${stamp} ` : "";
    for (let i = next() % 12; i >= 0; i--) line += pieces[next() % pieces.length];
    const head = parseHead(line);
    if (head === undefined) continue;
    const event = { serial: 1, time: head.time, daemon: false, records: [head], ended: true };
    toEvent(event);
    isWhole(event, true);
  }
});

test("lines are cut at any place, and too long ones are left out", () => {
  const lines = new Lines(10);
  const feed = (text: string) => lines.push(Buffer.from(text));
  expect(feed("ab")).toEqual([]);
  expect(feed("c\nd\n")).toEqual(["abc", "d"]);
  expect(feed("0123456789012345")).toEqual([]);
  expect(feed("still the same")).toEqual([]);
  expect(feed("line\nnext\n")).toEqual(["next"]);
  expect(feed("01234567890123\nok\n")).toEqual(["ok"]);
  expect(lines.dropped).toBe(2);
});

test("serial numbers are done only when all before them are", () => {
  const serials = new Serials(10);
  const none = () => false;
  serials.take(12);
  serials.settle(11);
  expect(serials.done).toBe(11);
  serials.see(20);
  serials.settle(15);
  expect(serials.firstMissing(none)).toBe(13);
  expect(serials.missing(20, (serial) => serial === 17)).toEqual([
    { first: 13, last: 14 },
    { first: 16, last: 16 },
    { first: 18, last: 20 },
  ]);
  serials.settle(12);
  expect(serials.done).toBe(12);
  serials.giveUp({ first: 13, last: 14 });
  expect(serials.done).toBe(15);
  serials.giveUp({ first: 17, last: 20 });
  expect(serials.done).toBe(15);
  serials.settle(16);
  expect(serials.done).toBe(20);
  expect(serials.knows(20)).toBe(true);
  expect(serials.knows(21)).toBe(false);
});
