/** Checks of the kernel's guards, mounts, updates and changes, on recorded machines. */
import { describe, expect, it } from "vitest";
import { checksText } from "../../agent/cli/checks.ts";
import type { BootReport } from "../../agent/node/boot/answers.ts";
import { checks, runCheck } from "../../agent/node/checks/index.ts";
import { deploymentsIn } from "../../agent/node/checks/ostree.ts";
import { settings } from "../../agent/node/checks/sysctls.ts";
import { Traced } from "../../agent/node/checks/traced.ts";
import type { Facts } from "../../agent/node/checks/types.ts";
import type { EtcHistory } from "../../agent/node/etc/answers.ts";
import {
  type Files,
  metal,
  type Programs,
  Recorded,
  withMachines,
} from "../lib/recorded-machine.ts";

withMachines();

async function check(id: string, machine: Recorded, facts: Facts = metal) {
  const found = checks.find((one) => one.id === id);
  if (found === undefined) throw new Error(`no check ${id}`);
  return await runCheck(found, machine, facts);
}

const groups = "/sys/kernel/iommu_groups";
const taint = (value: number): Files => ({ "/proc/sys/kernel/tainted": `${value}\n` });
const loads = { ...taint(0), "/proc/modules": "" };
const line = (text: string): Files => ({
  "/proc/cmdline": `BOOT_IMAGE=/vmlinuz root=/dev/vda ${text}\n`,
});
const guarded = "slab_nomerge iommu.strict=1 vsyscall=none debugfs=off page_alloc.shuffle=1";

function sysctl(changed: Record<string, string | undefined> = {}): Files {
  const values = Object.fromEntries(settings.map(({ key, good }) => [key, String(good[0])]));
  return Object.fromEntries(
    Object.entries({ ...values, ...changed }).flatMap(([key, value]) =>
      value === undefined ? [] : [[`/proc/sys/${key.replaceAll(".", "/")}`, `${value}\n`]],
    ),
  );
}

const row = (path: string, type: string, options: string) =>
  `22 1 0:21 / ${path} ${options} shared:1 - ${type} source rw\n`;
const tmp = row("/tmp", "tmpfs", "rw,nosuid,nodev");
const shm = row("/dev/shm", "tmpfs", "rw,nosuid,nodev");
const mounted = (...rows: string[]): Files => ({ "/proc/1/mountinfo": rows.join("") });

const periodic = (lists: string, upgrade: string) =>
  `APT::Periodic "";\nAPT::Periodic::Update-Package-Lists "${lists}";\nAPT::Periodic::Unattended-Upgrade "${upgrade}";\n`;
const upgrades: Files = { "/usr/bin/unattended-upgrade": "" };
const stamp = "/var/lib/apt/periodic/unattended-upgrades-stamp";

const booted = (facts: Partial<BootReport>): Facts => ({
  ...metal,
  boot: async () => ({ ...(await metal.boot()), state: "measured", problem: "", ...facts }),
});
const register = (pcr: number, explained = true, expected = "aa") => ({
  ...{ pcr, holds: "code of the firmware", value: "aa", explained, expected },
});
const accepted: BootReport["accepted"] = {
  ...{ format: "dsecos-boot-1", hash: "0".repeat(64), at: "2026-01-01T00:00:00.000Z" },
  ...{ by: "ann", approvers: ["bob"], reason: "new firmware" },
};

const changes = (facts: Partial<EtcHistory>): Facts => ({
  ...metal,
  etc: async () => ({ ...(await metal.etc()), tracked: true, keeper: true, ...facts }),
});
const commit: EtcHistory["commits"][number] = {
  ...{ hash: "a".repeat(40), at: "2026-01-01T00:00:00.000Z", author: "ann <ann@node>" },
  ...{ subject: "allow 443", paths: ["nftables.conf"], pathsTotal: 1 },
};

type Case = [id: string, verdict: string, fact: RegExp, Files?, Programs?, Facts?];

const cases: Case[] = [
  [
    "iommu",
    "good",
    /2 groups/,
    { [`${groups}/0/type`]: "DMA\n", [`${groups}/1/type`]: "DMA-FQ\n" },
  ],
  [
    "iommu",
    "bad",
    /1 of 2 groups/,
    { [`${groups}/0/type`]: "DMA\n", [`${groups}/1/type`]: "identity\n" },
  ],
  ["iommu", "unknown", /does not tell/, { [`${groups}/0/devices/x`]: "" }],
  ["iommu", "bad", /No IOMMU/, { "/sys/kernel/x": "" }],
  [
    "iommu",
    "warning",
    /host \(kvm\)/,
    { "/sys/kernel/x": "" },
    {},
    { ...metal, virtualization: "kvm" },
  ],
  ["iommu", "unknown", /sysfs is not mounted/],
  ["command-line", "good", /weakens nothing, and/, line(`quiet ${guarded}`)],
  ["command-line", "warning", /could guard more: slab_nomerge iommu/, line("quiet")],
  ["command-line", "bad", /mitigations=off lets/, line(`${guarded} mitigations=off`)],
  ["command-line", "bad", /init=\/bin\/sh starts something/, line(`${guarded} init=/bin/sh`)],
  ["command-line", "bad", /systemd.unit=rescue.target/, line("systemd.unit=rescue.target")],
  // What is quoted is one word, and what stands behind -- is for init.
  ["command-line", "good", /weakens nothing/, line(`${guarded} dyndbg="file x nokaslr" -- single`)],
  ["command-line", "unknown", /no \/proc\/cmdline/],
  ["modules", "good", /cannot load modules/, taint(0)],
  ["modules", "good", /No module can/, { ...loads, "/proc/sys/kernel/modules_disabled": "1\n" }],
  [
    "modules",
    "good",
    /Only signed/,
    { ...loads, "/sys/module/module/parameters/sig_enforce": "Y\n" },
  ],
  [
    "modules",
    "good",
    /Lockdown/,
    { ...loads, "/sys/kernel/security/lockdown": "none [integrity]\n" },
  ],
  [
    "modules",
    "bad",
    /any module/,
    { ...loads, "/sys/kernel/security/lockdown": "[none] integrity\n" },
  ],
  ["modules", "bad", /from outside .* without a signature/, { ...loads, ...taint(12288) }],
  // A warning of the kernel (bit 9) says nothing of modules.
  ["modules", "good", /cannot load/, taint(512)],
  ["modules", "unknown", /does not tell/],
  ["sysctls", "good", /All \d+ settings/, sysctl()],
  ["sysctls", "warning", /kernel\.kptr_restrict=0/, sysctl({ "kernel.kptr_restrict": "0" })],
  [
    "sysctls",
    "warning",
    /ptrace_scope is missing/,
    sysctl({ "kernel.yama.ptrace_scope": undefined }),
  ],
  ["sysctls", "good", /All/, sysctl({ "kernel.kexec_load_disabled": undefined })],
  ["sysctls", "unknown", /holds no number/, sysctl({ "kernel.sysrq": "x" })],
  ["sysctls", "unknown", /no \/proc\/sys/],
  ["mounts", "good", /No mount/, mounted(tmp, shm)],
  ["mounts", "warning", /\/tmp is no file system/, mounted(shm)],
  [
    "mounts",
    "warning",
    /shm is mounted without nosuid and nodev/,
    mounted(tmp, row("/dev/shm", "tmpfs", "rw")),
  ],
  [
    "mounts",
    "warning",
    /\/srv\/a b is mounted without nodev/,
    mounted(tmp, shm, row("/srv/a\\040b", "nfs4", "rw,nosuid")),
  ],
  // What is mounted last lies on top.
  ["mounts", "good", /No mount/, mounted(row("/tmp", "ext4", "rw"), tmp, shm)],
  ["mounts", "unknown", /no \/proc\/1\/mountinfo/],
  ["updates", "unknown", /apt cannot/],
  ["updates", "bad", /Nothing installs/, {}, { "apt-config": periodic("1", "1") }],
  ["updates", "bad", /switched off/, upgrades, { "apt-config": periodic("1", "0") }],
  ["updates", "warning", /never run/, upgrades, { "apt-config": periodic("1", "1") }],
  [
    "updates",
    "warning",
    /before a restart: linux-image\.$/,
    { ...upgrades, "/run/reboot-required": "", "/run/reboot-required.pkgs": "linux-image\n" },
    { "apt-config": periodic("1", "1") },
  ],
  ["etc-history", "warning", /no version control/],
  ["etc-history", "good", /ann <ann@node> changed it last/, {}, {}, changes({ commits: [commit] })],
  [
    "etc-history",
    "warning",
    /Nothing commits/,
    {},
    {},
    changes({ commits: [commit], keeper: false }),
  ],
  [
    "etc-history",
    "warning",
    /2 changes yet: hosts changed, x added/,
    {},
    {},
    changes({
      commits: [commit],
      open: [
        { change: "changed", path: "hosts" },
        { change: "added", path: "x" },
      ],
      openTotal: 2,
    }),
  ],
  [
    "etc-history",
    "unknown",
    /git is not installed/,
    {},
    {},
    { ...metal, etc: () => Promise.reject(new Error("git is not installed")) },
  ],
  ["measured-boot", "bad", /Nothing measured the start/],
  [
    "measured-boot",
    "bad",
    /no log/,
    {},
    {},
    booted({ state: "no-log", problem: "There is no log." }),
  ],
  [
    "measured-boot",
    "unknown",
    /cannot be read/,
    {},
    {},
    booted({ state: "unknown", problem: "It cannot be read." }),
  ],
  ["measured-boot", "warning", /nobody has accepted/, {}, {}, booted({ registers: [register(0)] })],
  [
    "measured-boot",
    "bad",
    /does not explain register 4/,
    {},
    {},
    booted({ registers: [register(0), register(4, false)], accepted }),
  ],
  [
    "measured-boot",
    "bad",
    /register 4 .* differ/,
    {},
    {},
    booted({ registers: [register(0), register(4, true, "bb")], accepted }),
  ],
  [
    "measured-boot",
    "good",
    /as ann accepted them/,
    {},
    {},
    booted({ registers: [register(0)], accepted }),
  ],
  [
    "selinux",
    "warning",
    /says permissive/,
    { "/sys/fs/selinux/enforce": "1", "/etc/selinux/config": "SELINUX=permissive\n" },
  ],
  [
    "clock",
    "good",
    /chrony/,
    {},
    { timedatectl: { code: 1, out: "" }, chronyc: "Leap status     : Normal\n" },
  ],
  ["clock", "bad", /not synchronised/, {}, { chronyc: "Leap status     : Not synchronised\n" }],
];

describe("checks", () => {
  it.each(cases)("%s is %s when %s", async (id, verdict, fact, files, programs, facts) => {
    const found = await check(id, new Recorded(files, programs), facts);
    expect(found?.verdict).toBe(verdict);
    expect(found?.fact).toMatch(fact);
    expect(found?.remedy === "").toBe(verdict === "good");
  });
});

describe("automatic updates", () => {
  const machine = (at: string) =>
    new Recorded({ ...upgrades, [stamp]: "" }, { "apt-config": periodic("1", "1") }).touch(
      stamp,
      Date.parse(at),
    );

  it("are good while they run", async () => {
    const found = await check("updates", machine("2026-01-08T00:00:00Z"));
    expect(found).toMatchObject({ verdict: "good", fact: expect.stringContaining("2026-01-08") });
  });

  it("are bad when they ceased", async () => {
    const found = await check("updates", machine("2026-01-02T00:00:00Z"));
    expect(found).toMatchObject({ verdict: "bad", fact: expect.stringContaining("8 days ago") });
  });
});

/** As ostree-admin-status(1) of 2022 and later writes it. */
const two = `* debian ${"4b".repeat(32)}.0
    Version: 13.1
    origin refspec: debian:13/amd64
  debian ${"9a".repeat(32)}.0 (rollback)
    origin refspec: debian:13/amd64
`;

describe("a root of OSTree", () => {
  const on = (status: string): [Recorded] => [
    new Recorded({ "/run/ostree-booted": "" }, { ostree: status }),
  ];

  it("is no matter where the root is none", async () => {
    expect(await check("ostree", new Recorded())).toBeUndefined();
  });

  it("is good when one can go back, and says how", async () => {
    const found = await check("ostree", ...on(two));
    expect(found).toMatchObject({ verdict: "good", fact: expect.stringMatching(/set-default 1$/) });
  });

  it("is weak without a way back, or before a restart", async () => {
    const [alone = ""] = two.split("  debian");
    expect(await check("ostree", ...on(alone))).toMatchObject({ verdict: "warning" });
    const staged = `  debian ${"cc".repeat(32)}.0 (staged)\n${two}`;
    const found = await check("ostree", ...on(staged));
    expect(found).toMatchObject({ verdict: "warning", fact: expect.stringContaining("waits") });
  });

  it("is bad when it is unlocked", async () => {
    const open = two.replace("    Version", "    Unlocked: development\n    Version");
    expect(await check("ostree", ...on(open))).toMatchObject({ verdict: "bad" });
  });

  it("is unknown when ostree does not answer, or answers something else", async () => {
    const silent = new Recorded({ "/run/ostree-booted": "" });
    expect(await check("ostree", silent)).toMatchObject({ verdict: "unknown" });
    expect(await check("ostree", ...on("No deployments.\n"))).toMatchObject({ verdict: "unknown" });
  });

  it("stands instead of apt's updates", async () => {
    expect(await check("updates", ...on(two))).toBeUndefined();
  });

  it("is read with all its deployments", () => {
    expect(deploymentsIn(two).map(({ booted, role }) => [booted, role])).toEqual([
      [true, ""],
      [false, "rollback"],
    ]);
  });
});

describe("how it was found out", () => {
  it("is what was really read, where, and what it said", async () => {
    const files = {
      "/sys/fs/selinux/enforce": "1",
      "/etc/selinux/config": "# x\nSELINUX=enforcing\n",
    };
    expect((await check("selinux", new Recorded(files)))?.how).toEqual([
      { from: "/sys/fs/selinux/enforce", read: "1" },
      { from: "/etc/selinux/config", read: "2 lines" },
    ]);
  });

  it("names programs, what is missing, and why something could not be read", async () => {
    const machine = new Recorded(
      { "/link": "-> /there", "/dir/a": "", "/raw": Buffer.of(1, 0) },
      { ps: "1\n" },
    );
    const traced = new Traced(machine);
    await traced.run("ps", ["-e"]);
    await traced.run("nothing", []);
    await traced.read("/none");
    await traced.read("/raw");
    await traced.link("/link");
    await traced.list("/dir");
    await expect(traced.read("/dir")).rejects.toThrow("EISDIR");
    expect(traced.sources.map(({ from, read }) => `${from}: ${read}`)).toEqual([
      "ps -e: 1",
      "nothing: not installed",
      "/none: not there",
      "/raw: 2 bytes",
      "/link: /there",
      "/dir/: 1 inside",
      expect.stringMatching(/^\/dir: EISDIR/),
    ]);
  });

  it("is one short line each, and no more than a screen of them", async () => {
    const traced = new Traced(new Recorded());
    traced.tell("/x", `a\u001b[31m\n${"b".repeat(500)}`);
    expect(traced.sources[0]?.read).toMatch(/^a \[31m b+…$/);
    expect(traced.sources[0]?.read.length).toBeLessThanOrEqual(100);
    for (let i = 0; i < 100; i++) traced.tell(`/f${i}`, "1");
    expect(traced.sources.length).toBe(31);
  });
});

it("a file without an end is not read into memory", async () => {
  const machine = new Recorded({ "/long": "-> /dev/zero" });
  await expect(machine.read("/long")).rejects.toThrow("has more than");
});

describe("dsecos node check", () => {
  const screen = { width: 60, colour: false };

  it("prints all that a check says, worst first", async () => {
    const files = { "/sys/fs/selinux/enforce": "1", "/proc/cmdline": "nokaslr\n" };
    const machine = new Recorded(files);
    const found = [await check("selinux", machine), await check("command-line", machine)];
    const text = checksText(
      found.filter((one) => one !== undefined),
      screen,
    );
    expect(text[0]).toBe("bad      Kernel command line (command-line)");
    expect(text).toContain("read     /proc/cmdline: nokaslr");
    expect(text).toContain("ask      cat /proc/cmdline");
    expect(text.join("\n")).toMatch(/why {6}The command line can turn/);
    expect(text.join("\n")).toMatch(/do {7}Take it out of/);
    expect(text.indexOf("good     SELinux mode (selinux)")).toBeGreaterThan(5);
    expect(text.at(-1)).toBe("1 bad, 0 warning, 0 unknown, 1 good.");
  });
});
