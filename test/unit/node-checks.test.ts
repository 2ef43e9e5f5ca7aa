import { describe, expect, it } from "vitest";
import { checks, runCheck, runChecks } from "../../agent/node/checks/index.ts";
import { listenersIn } from "../../agent/node/checks/ports.ts";
import type { DriverFact, Facts } from "../../agent/node/checks/types.ts";
import {
  type Files,
  metal,
  type Programs,
  Recorded,
  withMachines,
} from "../lib/recorded-machine.ts";

withMachines();

const softhsm: DriverFact = {
  ...{ name: "softhsm", ready: true, reason: "", kind: "software", validated: "no" },
};
const luna: DriverFact = { ...softhsm, name: "luna", kind: "hardware", validated: "claimed" };
const withDrivers = (...drivers: DriverFact[]): Facts => ({
  ...metal,
  drivers: async () => drivers,
});

async function find(id: string, files: Files = {}, programs: Programs = {}, facts = metal) {
  const check = checks.find((one) => one.id === id);
  if (check === undefined) throw new Error(`no check ${id}`);
  const found = await runCheck(check, new Recorded(files, programs), facts);
  if (found === undefined) throw new Error(`${id} has nothing to check`);
  expect(found.remedy === "").toBe(found.verdict === "good");
  return [found.verdict, found.fact] as const;
}

const efi = "/sys/firmware/efi/efivars";
const global = "8be4df61-93ca-11d2-aa0d-00e098032b8c";
const efiByte = (value: number) => Buffer.from([6, 0, 0, 0, value]);
const tpm0 = "/sys/class/tpm/tpm0";
const sysctl = (pattern: string, suid = "0") => ({
  "/proc/sys/kernel/core_pattern": `${pattern}\n`,
  "/proc/sys/fs/suid_dumpable": `${suid}\n`,
});
const nft = (...chains: object[]) =>
  JSON.stringify({ nftables: [{ metainfo: {} }, ...chains.map((chain) => ({ chain }))] });
const swaps = (row: string) => `Filename\t\tType\t\tSize\tUsed\tPriority\n${row}`;

type Case = [id: string, verdict: string, fact: RegExp, Files?, Programs?, Facts?];

const cases: Case[] = [
  ["selinux", "good", /enforcing/, { "/sys/fs/selinux/enforce": "1" }],
  ["selinux", "bad", /permissive/, { "/sys/fs/selinux/enforce": "0" }],
  ["selinux", "bad", /not active/],
  [
    "apparmor",
    "good",
    /2 profiles are enforced, 1 are not/,
    {
      "/sys/module/apparmor/parameters/enabled": "Y\n",
      "/sys/kernel/security/apparmor/profiles": "a (enforce)\nb (enforce)\nc (complain)\n",
    },
  ],
  ["apparmor", "good", /SELinux is enforcing instead/, { "/sys/fs/selinux/enforce": "1" }],
  ["apparmor", "unknown", /not there/, { "/sys/module/apparmor/parameters/enabled": "Y\n" }],
  ["apparmor", "bad", /Neither/],
  [
    "lockdown",
    "good",
    /mode integrity/,
    { "/sys/kernel/security/lockdown": "none [integrity] confidentiality\n" },
  ],
  [
    "lockdown",
    "bad",
    /off/,
    { "/sys/kernel/security/lockdown": "[none] integrity confidentiality\n" },
  ],
  ["lockdown", "bad", /has no lockdown/, { "/sys/kernel/security/lsm": "capability\n" }],
  ["lockdown", "unknown", /securityfs is not mounted/],
  [
    "secure-boot",
    "good",
    /is on/,
    { [`${efi}/SecureBoot-${global}`]: efiByte(1), [`${efi}/SetupMode-${global}`]: efiByte(0) },
  ],
  ["secure-boot", "bad", /is off/, { [`${efi}/SecureBoot-${global}`]: efiByte(0) }],
  [
    "secure-boot",
    "bad",
    /set-up mode/,
    { [`${efi}/SecureBoot-${global}`]: efiByte(1), [`${efi}/SetupMode-${global}`]: efiByte(1) },
  ],
  ["secure-boot", "unknown", /efivarfs/, { "/sys/firmware/efi/fw_platform_size": "64" }],
  ["secure-boot", "bad", /not started by UEFI/],
  ["fips", "good", /in FIPS mode/, { "/proc/sys/crypto/fips_enabled": "1\n" }],
  ["fips", "warning", /is off/, { "/proc/sys/crypto/fips_enabled": "0\n" }],
  ["fips", "warning", /has no FIPS/],
  ["tpm", "good", /hardware/, { [`${tpm0}/tpm_version_major`]: "2\n" }],
  ["tpm", "bad", /version 1/, { [`${tpm0}/tpm_version_major`]: "1\n" }],
  [
    "tpm",
    "bad",
    /software on this very machine/,
    {
      "/sys/devices/virtual/tpm/tpm0/tpm_version_major": "2\n",
      [tpm0]: "-> ../../devices/virtual/tpm/tpm0",
    },
  ],
  [
    "tpm",
    "warning",
    /given by the hypervisor \(kvm\)/,
    { [`${tpm0}/tpm_version_major`]: "2\n" },
    {},
    { ...metal, virtualization: "kvm" },
  ],
  ["tpm", "bad", /only swtpm/, {}, {}, { ...metal, processes: new Set(["swtpm"]) }],
  ["tpm", "bad", /There is no TPM\.$/],
  ["hsm", "bad", /no HSM/],
  ["hsm", "good", /operator's word/, {}, {}, withDrivers(luna)],
  ["hsm", "warning", /softhsm is software/, {}, {}, withDrivers(luna, softhsm)],
  ["hsm", "warning", /without a FIPS/, {}, {}, withDrivers({ ...luna, validated: "no" })],
  ["hsm", "unknown", /could not be asked/, {}, {}, withDrivers({ ...luna, kind: "unknown" })],
  [
    "hsm",
    "bad",
    /luna does not work: it hangs/,
    {},
    {},
    withDrivers({ ...luna, ready: false, reason: "it hangs" }),
  ],
  ["kernel-audit", "good", /is on/, {}, { auditctl: "enabled 1\nfailure 1\n" }],
  ["kernel-audit", "good", /locked/, {}, { auditctl: "enabled 2\n" }],
  ["kernel-audit", "bad", /is off/, {}, { auditctl: "enabled 0\n" }],
  ["kernel-audit", "bad", /has no audit/],
  [
    "kernel-audit",
    "bad",
    /turned off at start/,
    { "/proc/self/loginuid": "1000", "/proc/cmdline": "quiet audit=0" },
  ],
  ["kernel-audit", "unknown", /not installed/, { "/proc/self/loginuid": "1000" }],
  ["core-dumps", "good", /thrown away/, sysctl("|/bin/false")],
  ["core-dumps", "bad", /privileged/, sysctl("|/bin/false", "2")],
  ["core-dumps", "warning", /systemd-coredump/, sysctl("|/lib/systemd/systemd-coredump %P")],
  [
    "core-dumps",
    "good",
    /No program/,
    { ...sysctl("core"), "/proc/1/limits": "Max core file size        0          0       bytes\n" },
  ],
  [
    "core-dumps",
    "warning",
    /are written/,
    { ...sysctl("core"), "/proc/1/limits": "Max core file size        0    unlimited     bytes\n" },
  ],
  ["core-dumps", "unknown", /tells nothing/],
  ["ports", "unknown", /no \/proc\/net/],
  [
    "firewall",
    "good",
    /inet filter input drops/,
    {},
    { nft: nft({ family: "inet", table: "filter", name: "input", hook: "input", policy: "drop" }) },
  ],
  [
    "firewall",
    "bad",
    /do not name comes in/,
    {},
    { nft: nft({ family: "inet", table: "incus", name: "in", hook: "input", policy: "accept" }) },
  ],
  ["firewall", "bad", /No rules/, {}, { nft: nft() }],
  ["firewall", "bad", /not installed/],
  ["firewall", "unknown", /nft ended with 1/, {}, { nft: { code: 1, out: "" } }],
  ["firewall", "unknown", /no answer/, {}, { nft: new Error("nft: no answer within 2000 ms") }],
  ["swap", "good", /no swap/, { "/proc/swaps": swaps("") }],
  ["swap", "bad", /\/dev\/sda2/, { "/proc/swaps": swaps("/dev/sda2 partition 100 0 -2\n") }],
  ["swap", "unknown", /\/swapfile/, { "/proc/swaps": swaps("/swapfile file 100 0 -2\n") }],
  ["swap", "good", /in memory/, { "/proc/swaps": swaps("/dev/zram0 partition 100 0 100\n") }],
  [
    "swap",
    "good",
    /encrypted/,
    {
      "/proc/swaps": swaps("/dev/mapper/vg-swap partition 100 0 -2\n"),
      "/dev/mapper/vg-swap": "-> ../dm-1",
      "/sys/class/block/dm-1/dm/uuid": "LVM-abc",
      "/sys/class/block/dm-1/slaves/dm-0/x": "",
      "/sys/class/block/dm-0/dm/uuid": "CRYPT-LUKS2-abc",
    },
  ],
  ["swap", "unknown", /no \/proc\/swaps/],
  ["clock", "good", /timesyncd/, { "/run/systemd/timesync/synchronized": "" }],
  ["clock", "good", /synchronised/, {}, { timedatectl: "yes\n" }],
  ["clock", "bad", /not synchronised/, {}, { timedatectl: "no\n" }],
  ["clock", "unknown", /Nobody/, {}, { timedatectl: { code: 1, out: "" } }],
];

describe("checks", () => {
  it.each(cases)("%s is %s when %s", async (id, verdict, fact, files, programs, facts) => {
    const found = await find(id, files, programs, facts);
    expect(found[0]).toBe(verdict);
    expect(found[1]).toMatch(fact);
  });

  it("find nothing good on a machine that tells nothing", async () => {
    const found = await runChecks(new Recorded({}, {}), metal);
    // There is no OSTree, which is not a thing to be good at.
    const asked = checks.map(({ id }) => id).filter((id) => id !== "ostree");
    expect(found.map(({ id }) => id)).toEqual(asked);
    expect(found.filter(({ verdict }) => verdict === "good")).toEqual([]);
    for (const { id, command, why, remedy, how } of found) {
      for (const told of [command, why, remedy]) expect(told, id).not.toBe("");
      if (id !== "hsm") expect(how, id).not.toEqual([]);
    }
  });

  it("are unknown where files may not be read", async () => {
    const machine = new Recorded({}, {});
    machine.bytes = async () => {
      throw Object.assign(new Error("EACCES: permission denied"), { code: "EACCES" });
    };
    const found = await runChecks(machine, metal);
    const selinux = found.find(({ id }) => id === "selinux");
    expect(selinux).toMatchObject({ verdict: "unknown" });
    expect(selinux?.fact).toContain("permission denied");
  });
});

/** As Linux writes them on a little-endian machine. */
const tcp = `  sl  local_address rem_address   st tx_queue rx_queue tr tm->when retrnsmt   uid
   0: 00000000:0016 00000000:0000 0A 00000000:00000000 00:00000000 00000000     0        0 1
   1: 0100007F:2382 00000000:0000 0A 00000000:00000000 00:00000000 00000000     0        0 2
   2: 020200C0:0016 010200C0:D431 01 00000000:00000000 00:00000000 00000000     0        0 3
`;
const tcp6 = `  sl  local_address                         remote_address                        st
   0: 00000000000000000000000000000000:01BB 00000000000000000000000000000000:0000 0A 0:0 0
   1: 00000000000000000000000001000000:1F90 00000000000000000000000000000000:0000 0A 0:0 0
   2: 0000000000000000FFFF00000100007F:1F91 00000000000000000000000000000000:0000 0A 0:0 0
`;
const udp = `   sl  local_address rem_address   st
  100: 3500007F:0035 00000000:0000 07 00000000:00000000
  101: 00000000:0044 00000000:0000 07 00000000:00000000
  102: 020200C0:9C40 010200C0:0035 01 00000000:00000000
`;
const net = {
  "/proc/net/tcp": tcp,
  "/proc/net/tcp6": tcp6,
  "/proc/net/udp": "",
  "/proc/net/udp6": "",
};

describe("listening ports", () => {
  it("are good when only SSH and HTTPS can be reached, whatever loopback has", async () => {
    expect(await find("ports", net)).toEqual(["good", "Open to the network: tcp 22, tcp 443."]);
  });

  it("are bad when anything else can", async () => {
    const [verdict, fact] = await find("ports", { ...net, "/proc/net/udp": udp });
    expect([verdict, fact]).toEqual(["bad", "Also open to the network: udp 68."]);
  });

  it("do not need IPv6", async () => {
    const { "/proc/net/tcp6": _tcp6, "/proc/net/udp6": _udp6, ...four } = net;
    expect((await find("ports", four))[0]).toBe("good");
  });

  it("are read as the kernel writes them", () => {
    expect(listenersIn(tcp, "tcp").map(({ port }) => port)).toEqual([22, 9090]);
    expect(listenersIn(udp, "udp").map(({ port }) => port)).toEqual([53, 68]);
  });
});
