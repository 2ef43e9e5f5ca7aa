/**
 * What is read of denials. The lines are of the kernel's own forms and as people reported them in
 * public: of Debian 13, Fedora's policy (requests 1172, 2392 and 2116), the reference policy (784,
 * 460), and Android's kernel log. `|` stands for the byte in front of what auditd looked up.
 */
import { expect, test } from "vitest";
import { dominates, parseContext, parseRange, reaches } from "../../agent/selinux/context.ts";
import { detailsOf } from "../../agent/selinux/denials/details.ts";
import { DenialLines, parseRingLine } from "../../agent/selinux/denials/lines.ts";
import type { Denial, Finding } from "../../agent/selinux/denials/types.ts";

function read(...lines: string[]): Finding[] {
  const found: Finding[] = [];
  const reader = new DenialLines((finding) => found.push(finding));
  for (const line of lines) reader.line(line.replaceAll("|", "\u001d"));
  reader.end();
  expect(reader.skipped).toBe(0);
  return found;
}

function one(...lines: string[]): Denial {
  const [found, ...more] = read(...lines);
  expect(more).toEqual([]);
  if (found?.what !== "denial") throw new Error(`no denial: ${JSON.stringify(found)}`);
  return found;
}

const hex = (text: string) => Buffer.from(text).toString("hex").toUpperCase();
const stamp = "msg=audit(1795285266.788:124):";
const avc = (perms: string, fields: string, contexts: string) =>
  `type=AVC ${stamp} avc:  denied  { ${perms} } for  ${fields} ${contexts}`;
const tenants =
  "scontext=system_u:system_r:tenant0001_t:s0:c1,c2 tcontext=system_u:object_r:tenant0002_vol_t:s0:c3,c9 tclass=dir permissive=0";

test("a denial of the kernel with its companions", () => {
  const denial = one(
    avc("search", 'pid=624 comm="busybox" name="v2" dev="vda" ino=25976', tenants),
    `type=SYSCALL ${stamp} arch=c000003e syscall=257 success=no exit=-13 a0=ffffff9c items=1 ppid=620 pid=624 auid=4294967295 uid=1000000 gid=0 tty=(none) ses=4294967295 comm="busybox" exe="/usr/bin/busybox" subj=system_u:system_r:tenant0001_t:s0:c1,c2 key=(null)|ARCH=x86_64 SYSCALL=openat AUID="unset" UID="unknown(1000000)"`,
    `type=CWD ${stamp} cwd="/"`,
    `type=PATH ${stamp} item=0 name="/srv/v2" inode=25976 dev=fe:00 mode=040755 ouid=0 ogid=0 rdev=00:00 obj=system_u:object_r:tenant0002_vol_t:s0:c3,c9 nametype=NORMAL cap_fp=0|OUID="root"`,
    `type=PROCTITLE ${stamp} proctitle=${hex("cat\0/srv/v2/secret")}`,
  );
  expect(denial).toMatchObject({
    by: "kernel",
    decision: "denied",
    permissive: false,
    permissions: { names: ["search"], text: "search" },
    source: { text: "system_u:system_r:tenant0001_t:s0:c1,c2", type: "tenant0001_t" },
    target: { text: "system_u:object_r:tenant0002_vol_t:s0:c3,c9", type: "tenant0002_vol_t" },
    class: "dir",
    time: 1795285266788,
    serial: 124,
  });
  expect(detailsOf(denial)).toEqual({
    pid: 624,
    inode: 25976,
    uid: 1000000,
    device: "vda",
    process: "busybox",
    program: "/usr/bin/busybox",
    command: "cat /srv/v2/secret",
    path: "/srv/v2",
    syscall: "openat",
    succeeded: false,
  });
});

test("several denials of one system call, with what auditd looked up behind", () => {
  const more =
    "scontext=system_u:system_r:virtqemud_t:s0 tcontext=system_u:object_r:sgx_vepc_device_t:s0 tclass=chr_file permissive=1|";
  const found = read(
    avc(
      "read write",
      'pid=1681 comm="qemu-system-x86" name="sgx_vepc" dev="devtmpfs" ino=86',
      more,
    ),
    avc("open", 'pid=1681 comm="qemu-system-x86" path="/dev/sgx_vepc" dev="devtmpfs" ino=86', more),
    `type=SYSCALL ${stamp} arch=c000003e syscall=257 success=yes exit=3 items=0 pid=1681 auid=1000 uid=107 comm="qemu-system-x86" exe="/usr/bin/qemu-system-x86_64"`,
  ) as Denial[];
  expect(found.map(({ permissions }) => permissions.text)).toEqual(["read write", "open"]);
  expect(found.map(({ permissive }) => permissive)).toEqual([true, true]);
  expect(found.map(({ class: kind }) => kind)).toEqual(["chr_file", "chr_file"]);
  expect(found.map((denial) => detailsOf(denial).path)).toEqual(["sgx_vepc", "/dev/sgx_vepc"]);
  expect(detailsOf(found[0] as Denial)).toMatchObject({ loginuid: 1000, uid: 107 });
});

test("of several paths that one is told which was refused", () => {
  const denial = (fields: string) =>
    one(
      avc("add_name", fields, tenants),
      `type=SYSCALL ${stamp} arch=c000003e syscall=82 success=no exit=-13 items=3 ppid=1 pid=7 auid=0 uid=0 comm="mv" exe="/usr/bin/mv" key=(null)`,
      `type=CWD ${stamp} cwd="/srv"`,
      `type=PATH ${stamp} item=0 name="in/" inode=11 dev=fe:00 mode=040755 nametype=PARENT`,
      `type=PATH ${stamp} item=1 name="out/" inode=12 dev=fe:00 mode=040755 nametype=PARENT`,
      `type=PATH ${stamp} item=2 name=${hex("in/a b")} inode=13 dev=fe:00 mode=0100644 nametype=DELETE`,
    );
  const pathOf = (fields: string) => detailsOf(denial(fields)).path;
  expect(pathOf('pid=7 comm="mv" name="a" dev="vda" ino=12')).toBe("/srv/out/");
  expect(pathOf('pid=7 comm="mv" name="a b" dev="vda" ino=13')).toBe("/srv/in/a b");
  expect(pathOf('pid=7 comm="mv" name="a b"')).toBe("/srv/in/a b");
});

test("values in hexadecimal, ports, capabilities, ioctls and labels that are not known", () => {
  const self = "scontext=u:r:a_t:s0-s0:c0.c1023 tcontext=u:r:a_t:s0 tclass=file";
  const name = 'a "b" scontext=u:r:fake_t:s0';
  expect(
    detailsOf(one(avc("read", `pid=5 comm=${hex("my prog")} path=${hex(name)}`, self))),
  ).toEqual({ pid: 5, process: "my prog", path: name });
  const bind = one(avc("name_bind", 'pid=5 comm="nc" src=8081 saddr=::1', self));
  expect(detailsOf(bind)).toMatchObject({ port: 8081, address: "::1" });
  const connect = one(avc("name_connect", 'pid=5 comm="nc" dest=443', self));
  expect(detailsOf(connect)).toMatchObject({ port: 443 });
  expect(detailsOf(one(avc("sys_admin", 'pid=5 comm="x" capability=21 ', self)))).toMatchObject({
    capability: 21,
  });
  for (const written of ["0x5401", "5401"])
    expect(
      detailsOf(one(avc("ioctl", `pid=5 comm="x" path="/dev/pts/0" ioctlcmd=${written}`, self))),
    ).toMatchObject({ ioctl: "0x5401" });
  const unknown = one(
    avc("relabelto", 'pid=5 comm="x"', `${self} permissive=0 trawcon="u:object_r:gone_t:s0"`),
  );
  expect(unknown.permissive).toBe(false);
  expect(detailsOf(unknown).unknownTarget).toBe("u:object_r:gone_t:s0");
  // What auditd looked up stands behind, however the record ends, and is not the kernel's word.
  const forged = `${self}|SYSCALL=openat scontext=u:r:fake_t:s0 tcontext=u:r:fake_t:s0 tclass=dir`;
  const short = one(avc("read", "pid=5", forged));
  expect([short.source.type, short.class]).toEqual(["a_t", "file"]);
  // Nothing is looked for in an event that tells nothing of it.
  expect(one(avc("read", "pid=5", self)).permissive).toBeUndefined();
});

test("decisions of programs, with what they say inside of msg='…'", () => {
  const bus = one(
    `type=USER_AVC msg=audit(1608050898.891:2527): pid=754 uid=81 auid=4294967295 ses=4294967295 subj=system_u:system_r:system_dbusd_t:s0-s0:c0.c1023 msg='avc:  denied  { send_msg } for msgtype=method_call interface=org.freedesktop.DBus.Properties member=GetAll dest=:1.224 spid=70402 tpid=1 scontext=system_u:system_r:init_t:s0 tcontext=system_u:system_r:keepalived_unconfined_script_t:s0 tclass=dbus permissive=0  exe="/usr/bin/dbus-daemon" sauid=81 hostname=? addr=? terminal=?'|UID="dbus" AUID="unset" SAUID="dbus"`,
  );
  expect(bus).toMatchObject({
    by: "program",
    permissions: { names: ["send_msg"] },
    source: { type: "init_t" },
    target: { type: "keepalived_unconfined_script_t" },
    class: "dbus",
    permissive: false,
  });
  expect(detailsOf(bus)).toEqual({
    pid: 70402,
    program: "/usr/bin/dbus-daemon",
    message: "org.freedesktop.DBus.Properties.GetAll to :1.224",
  });
  const broker = one(
    `type=USER_AVC msg=audit(1715596901.922:837): pid=788 uid=81 auid=4294967295 ses=4294967295 subj=x:y:dbusd_t:s0 msg='avc:  denied  { send_msg } for  scontext=system_u:system_r:accountsd_t:s0 tcontext=staff_u:staff_r:sandbox_x_client_t:s0:c13,c243 tclass=dbus permissive=0 exe="/usr/bin/dbus-broker" sauid=81 hostname=? addr=? terminal=?'`,
  );
  expect(broker.target.text).toBe("staff_u:staff_r:sandbox_x_client_t:s0:c13,c243");
});

test("what somebody asks a program for does not stand in for the program's word", () => {
  const forged =
    'cmdline="systemctl \\" scontext=u:r:innocent_t:s0 tcontext=u:r:other_t:s0 tclass=file permissive=1 x"';
  const denial = one(
    `type=USER_AVC ${stamp} pid=1 uid=0 auid=4294967295 ses=4294967295 subj=u:r:init_t:s0 msg='avc:  denied  { status } for auid=1000 uid=1000 gid=1000 path="/usr/lib/systemd/system/ssh.service" ${forged} function="bus" scontext=u:r:guilty_t:s0 tcontext=u:object_r:unit_t:s0 tclass=service permissive=0 exe="/usr/lib/systemd/systemd" sauid=0 hostname=? addr=? terminal=?'`,
  );
  expect(denial).toMatchObject({
    source: { type: "guilty_t" },
    target: { type: "unit_t" },
    permissive: false,
  });
  expect(denial.class).toBe("service");
  expect(detailsOf(denial)).toMatchObject({
    uid: 1000,
    loginuid: 1000,
    path: "/usr/lib/systemd/system/ssh.service",
  });
});

test("mode, policy and booleans that change; who did it", () => {
  const common = { what: "change", loginuid: 1000, succeeded: true, serial: 124 };
  expect(
    read(
      `type=MAC_STATUS ${stamp} enforcing=0 old_enforcing=1 auid=1000 ses=1 enabled=1 old-enabled=1 lsm=selinux res=1`,
      `type=MAC_POLICY_LOAD ${stamp} auid=1000 ses=1 lsm=selinux res=1`,
      `type=MAC_CONFIG_CHANGE ${stamp} bool=ssh_sysadm_login val=1 old_val=0 auid=1000 ses=1|AUID="alice"`,
      `type=USER_AVC ${stamp} pid=1 uid=0 auid=4294967295 ses=4294967295 subj=u:r:init_t:s0 msg='avc:  received setenforce notice (enforcing=0) exe="/usr/lib/systemd/systemd" sauid=0 hostname=? addr=? terminal=?'`,
      `type=USER_AVC ${stamp} pid=1 uid=0 auid=4294967295 ses=4294967295 subj=u:r:init_t:s0 msg='avc:  op=load_policy lsm=selinux seqno=2 res=1 exe="/usr/lib/systemd/systemd" sauid=0 hostname=? addr=? terminal=?'`,
    ).sort((a, b) => a.time - b.time),
  ).toMatchObject([
    { what: "change", kind: "mode", after: "0", loginuid: -1 },
    { what: "change", kind: "policy", loginuid: -1 },
    { ...common, kind: "mode", before: "1", after: "0" },
    { ...common, kind: "policy" },
    { ...common, kind: "boolean", name: "ssh_sysadm_login", before: "0", after: "1" },
  ]);
});

test("what the policy has no answer to", () => {
  expect(
    read(
      'type=SELINUX_ERR msg=audit(1719221013.068:95): op=security_compute_sid invalid_context="root:sysadm_r:myapp_t" scontext=root:sysadm_r:myapp_t tcontext=root:sysadm_r:myapp_t tclass=unix_dgram_socket',
      "audit: type=1401 audit(1640354247.630:3): op=security_validate_transition seresult=denied oldcontext=system_u:object_r:systemd_journal_t:s15:c0.c1023 newcontext=system_u:object_r:systemd_journal_t:s0 taskcontext=system_u:system_r:systemd_tmpfiles_t:s0-s15:c0.c1023 tclass=file",
    ),
  ).toMatchObject([
    {
      what: "fault",
      operation: "security_compute_sid",
      serial: 95,
      fields: { invalid_context: "root:sysadm_r:myapp_t", tclass: "unix_dgram_socket" },
    },
    {
      what: "fault",
      operation: "security_validate_transition",
      fields: { seresult: "denied", newcontext: "system_u:object_r:systemd_journal_t:s0" },
    },
  ]);
});

test("the kernel's ring buffer, in the forms of dmesg, /dev/kmsg and Android", () => {
  const text =
    'audit(1492699726.828:1014): avc: denied { ioctl } for pid=3370 comm="RenderThread" path="/dev/dri/card0" dev="tmpfs" ino=1622 ioctlcmd=0x640b scontext=u:r:platform_app:s0:c512,c768 tcontext=u:object_r:device:s0 tclass=chr_file permissive=1';
  for (const front of [
    "audit: ",
    "[  116.032413] audit: ",
    "<5>[ 6.1] audit: ",
    "5,12,60,-;audit: ",
  ]) {
    const denial = one(`${front}type=1400 ${text}`);
    expect(denial).toMatchObject({
      source: { type: "platform_app" },
      permissive: true,
      serial: 1014,
    });
    expect(denial.time).toBe(1492699726828);
    expect(detailsOf(denial)).toMatchObject({ pid: 3370, path: "/dev/dri/card0", ioctl: "0x640b" });
  }
  // What a program wrote to the log is not the kernel's word.
  expect(parseRingLine(`Nov 22 node kernel: audit: type=1400 ${text}`)).toBeUndefined();
  expect(parseRingLine(`myprog audit: type=1400 ${text}`)).toBeUndefined();
  expect(parseRingLine("audit: type=1234 audit(1.000:1): x")).toBeUndefined();
});

test("AppArmor's records, which have the same type, are not SELinux's", () => {
  expect(
    read(
      'type=AVC msg=audit(1795303257.759:4): apparmor="STATUS" info="AppArmor Filesystem Enabled" pid=1 comm="swapper/0"',
      '[   29.2] audit: type=1400 audit(1795303258.000:6): apparmor="DENIED" operation="open" class="file" profile="/usr/bin/man" name="/etc/x" pid=7 comm="man" requested_mask="r" denied_mask="r" fsuid=0 ouid=0',
    ),
  ).toEqual([]);
});

test("what cannot be read is told, not left out", () => {
  for (const bad of [
    "avc:  denied  { read } for  pid=1",
    `avc:  denied  { } for  pid=1 ${tenants}`,
    `avc:  maybe  { read } for  pid=1 ${tenants}`,
    "avc:  denied  { read } for  pid=1 scontext=a:b tcontext=a:b:c:s0 tclass=dir",
    "avc:  denied  { read } for  pid=1 scontext=a:b:c:s0:x tcontext=a:b:c:s0 tclass=dir",
    `avc:  denied  { read`,
    "",
  ])
    expect(read(`type=AVC ${stamp} ${bad}`)).toEqual([
      { what: "unreadable", type: "AVC", time: 1795285266788, serial: 124 },
    ]);
  expect(read(`type=MAC_STATUS ${stamp} enforcing=maybe old_enforcing=1`)[0]?.what).toBe(
    "unreadable",
  );
  const reader = new DenialLines(() => {});
  for (const line of ["", "nothing", "type=AVC", "\u0000"]) reader.line(line);
  expect(reader.skipped).toBe(4);
});

test("lines of chance neither throw nor take long", () => {
  const whole = avc("search", `pid=624 comm="busybox" path=${hex("/a b")}`, tenants);
  let state = 7;
  const random = (below: number) => {
    state = (state * 1103515245 + 12345) % 2147483648;
    return state % below;
  };
  const reader = new DenialLines((finding) => {
    if (finding.what === "denial") detailsOf(finding);
  });
  for (let round = 0; round < 20_000; round++) {
    const bytes = Buffer.from(whole);
    for (let change = random(6); change >= 0; change--) bytes[random(bytes.length)] = random(256);
    reader.line(
      bytes.toString("latin1").slice(0, random(3) === 0 ? random(whole.length) : undefined),
    );
  }
  reader.end();
});

test("contexts are divided at the first three colons; levels are compared by their categories", () => {
  expect(parseContext("system_u:system_r:a_t:s0:c1,c5.c7-s0:c0.c1023")).toEqual({
    user: "system_u",
    role: "system_r",
    type: "a_t",
    range: "s0:c1,c5.c7-s0:c0.c1023",
  });
  expect(parseContext("u:r:a_t")?.range).toBe("");
  for (const bad of ["", "a:b", "a::c:s0", "a:b:c:", "a:b:c d:s0", "a:b:c:s0:c3.c1", "a:b:c:s0:"])
    expect(parseContext(bad)).toBeUndefined();
  const range = (text: string) => {
    const found = parseRange(text);
    if (found === undefined) throw new Error(text);
    return found;
  };
  expect(range("s0:c5,c1.c3,c4").high.categories).toEqual([[1, 5]]);
  expect(dominates(range("s0:c1.c5").high, range("s0:c2,c4").high)).toBe(true);
  expect(dominates(range("s0:c1,c2").high, range("s0:c1,c3").high)).toBe(false);
  expect(dominates(range("s0").high, range("s0:c1").high)).toBe(false);
  expect(dominates(range("s1").high, range("s0").high)).toBe(true);
  expect(dominates(range("s0").high, range("s1").high)).toBe(false);
  expect(reaches(range("s0-s0:c0.c1023"), range("s0:c7"))).toBe(true);
  expect(reaches(range("s0:c7"), range("s0-s0:c0.c1023"))).toBe(false);
});
