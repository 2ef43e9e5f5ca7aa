import { mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { createServer } from "node:net";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import * as v from "valibot";
import { afterEach, describe, expect, it } from "vitest";
import { Cache } from "../../agent/node/cache.ts";
import { nodeStatusSchema } from "../../agent/node/contract.ts";
import { diskMounts } from "../../agent/node/disks.ts";
import { engineDefinitions, probeEngines } from "../../agent/node/engines.ts";
import { readIdentity } from "../../agent/node/identity.ts";
import { LoadMeter } from "../../agent/node/load.ts";
import { readNetwork } from "../../agent/node/network.ts";
import { processNames } from "../../agent/node/processes.ts";
import { createNode } from "../../agent/node/service.ts";
import { type Ran, System } from "../../agent/node/system.ts";
import { Versions } from "../../agent/node/versions.ts";
import { RecordingAudit } from "../lib/recording-audit.ts";

const roots: string[] = [];
afterEach(() => {
  for (const root of roots.splice(0)) rmSync(root, { recursive: true });
});

/** A directory that looks like a machine, with recorded answers of programs. */
class Recorded extends System {
  readonly programs: Record<string, string | Ran | Error>;
  readonly asked: string[] = [];

  constructor(files: Record<string, string> = {}, programs: Recorded["programs"] = {}) {
    const root = mkdtempSync(join(tmpdir(), "dsecos-machine-"));
    roots.push(root);
    super(root);
    this.programs = programs;
    for (const [path, text] of Object.entries(files)) this.write(path, text);
  }

  write(path: string, text: string): void {
    mkdirSync(dirname(join(this.root, path)), { recursive: true });
    if (text.startsWith("-> ")) symlinkSync(text.slice(3), join(this.root, path));
    else writeFileSync(join(this.root, path), text);
  }

  override async run(program: string, args: readonly string[]): Promise<Ran | undefined> {
    this.asked.push([program, ...args].join(" "));
    const answer = this.programs[[program, ...args].join(" ")] ?? this.programs[program];
    if (answer instanceof Error) throw answer;
    return typeof answer === "string" ? { code: 0, out: answer } : answer;
  }
}

const meminfo = `MemTotal:       16000000 kB
MemFree:         1000000 kB
MemAvailable:   12000000 kB
SwapTotal:       2000000 kB
SwapFree:        1500000 kB
`;

describe("load", () => {
  it("is the share since the last time, without counting guests twice", async () => {
    const machine = new Recorded({
      "/proc/meminfo": meminfo,
      "/proc/loadavg": "0.50 0.25 0.10 1/200 1234\n",
      "/proc/stat": "cpu  100 0 100 700 100 0 0 0 50 0\ncpu0 1 2 3\ncpu1 1 2 3\nbtime 1700000000\n",
    });
    let now = 0;
    const meter = new LoadMeter(machine, () => now);
    expect(await meter.read()).toEqual({
      cores: 2,
      cpu: 0.2,
      averages: [0.5, 0.25, 0.1],
      memoryKib: 16000000,
      memoryUsedKib: 4000000,
      swapKib: 2000000,
      swapUsedKib: 500000,
    });
    machine.write("/proc/stat", "cpu  175 0 100 725 100 0 0 0 50 0\ncpu0 1 2 3\n");
    now = 100;
    expect((await meter.read()).cpu).toBe(0.2);
    now = 1000;
    expect((await meter.read()).cpu).toBe(0.75);
  });

  it("fails loudly where the kernel tells nothing", async () => {
    await expect(new LoadMeter(new Recorded()).read()).rejects.toThrow(
      /there is no \/proc\/(stat|meminfo)/,
    );
  });
});

describe("disks", () => {
  it("are told once each, by their shortest path, without pseudo file systems", () => {
    const mounts = diskMounts(
      [
        "22 27 0:21 / /proc rw - proc proc rw",
        "27 1 254:0 / / rw,relatime shared:1 - ext4 /dev/vda1 rw",
        "45 27 254:0 /etc /run/bound/etc rw - ext4 /dev/vda1 rw",
        "46 27 0:41 / /srv/a\\040b rw - btrfs /dev/loop0 rw",
        "47 27 0:55 / /tank rw - zfs tank/data rw",
        "48 27 7:3 / /snap/x/1 ro - squashfs /dev/loop3 ro",
        "49 27 0:60 / /mnt/far rw - nfs4 far:/export rw",
        "",
      ].join("\n"),
    );
    expect(mounts).toEqual([
      { mount: "/", device: "/dev/vda1", type: "ext4" },
      { mount: "/srv/a b", device: "/dev/loop0", type: "btrfs" },
      { mount: "/tank", device: "tank/data", type: "zfs" },
    ]);
  });
});

describe("network", () => {
  it("lists the node's own interfaces with counters beyond 2^53", async () => {
    const link = (name: string, bytes: string) => ({
      [`/sys/class/net/${name}/operstate`]: "up\n",
      [`/sys/class/net/${name}/statistics/rx_bytes`]: `${bytes}\n`,
      [`/sys/class/net/${name}/statistics/tx_bytes`]: "7\n",
    });
    const machine = new Recorded({
      ...link("eth0", "18446744073709551615"),
      ...link("veth12ab", "1"),
      ...link("lo", "1"),
      "/sys/class/net/bonding_masters": "bond0\n",
    });
    const eth0 = [{ address: "192.0.2.1", cidr: "192.0.2.1/24" }] as never;
    expect(await readNetwork(machine, { eth0 })).toEqual([
      {
        name: "eth0",
        state: "up",
        addresses: ["192.0.2.1/24"],
        receivedBytes: "18446744073709551615",
        sentBytes: "7",
      },
    ]);
  });
});

describe("identity", () => {
  it("reads what the machine calls itself", async () => {
    const machine = new Recorded(
      {
        "/etc/machine-id": "0123456789abcdef0123456789abcdef\n",
        "/etc/os-release": 'NAME="Debian"\nPRETTY_NAME="Debian GNU/Linux 13 (trixie)"\n',
        "/proc/stat": "cpu 1\nbtime 1767225600\n",
        "/proc/sys/kernel/osrelease": "6.12.0-amd64\n",
      },
      { "systemd-detect-virt --vm": { code: 1, out: "none\n" }, "systemd-detect-virt": "lxc\n" },
    );
    expect(await readIdentity(machine)).toMatchObject({
      machineId: "0123456789abcdef0123456789abcdef",
      os: "Debian GNU/Linux 13 (trixie)",
      kernel: "6.12.0-amd64",
      virtualization: "lxc",
      bootedAt: "2026-01-01T00:00:00.000Z",
    });
  });

  it("knows a virtual machine without systemd", async () => {
    const flags = { "/proc/cpuinfo": "flags\t\t: fpu vme hypervisor lahf_lm\n" };
    expect((await readIdentity(new Recorded(flags))).virtualization).toBe("virtual machine");
    expect((await readIdentity(new Recorded())).virtualization).toBe("none");
  });
});

describe("versions", () => {
  it("asks dpkg once, and again only when packages changed", async () => {
    const machine = new Recorded(
      { "/var/lib/dpkg/status": "x" },
      { "dpkg-query": { code: 1, out: "incus\t6.0.4-2\tinstalled\nauditd\t\tnot-installed\n" } },
    );
    const versions = new Versions(machine);
    expect([...(await versions.installed())]).toEqual([["incus", "6.0.4-2"]]);
    await versions.installed();
    expect(machine.asked.length).toBe(1);
    await new Promise((resolve) => setTimeout(resolve, 20));
    machine.write("/var/lib/dpkg/status", "y");
    await versions.installed();
    expect(machine.asked.length).toBe(2);
  });
});

describe("engines", () => {
  const probe = async (machine: Recorded, incusSocket = "/var/lib/incus/unix.socket") => {
    const processes = await processNames(machine);
    const found = await probeEngines(machine, new Map([["incus", "6.0"]]), {
      processes,
      incusSocket,
    });
    return new Map(found.map((engine) => [engine.name, engine]));
  };

  it("are missing on an empty machine, each with what to do", async () => {
    const engines = await probe(new Recorded());
    expect(engines.size).toBe(engineDefinitions.length);
    for (const { state, remedy } of engines.values()) {
      expect(state).toBe("missing");
      expect(remedy).not.toBe("");
    }
  });

  it("are stopped where they are installed and do not run", async () => {
    const engines = await probe(
      new Recorded({
        "/usr/bin/incus": "",
        "/usr/sbin/auditd": "",
        "/usr/bin/swtpm": "",
        "/usr/lib/cockpit/cockpit-ws": "",
        "/usr/lib/polkit-1/polkitd": "",
        "/proc/1/comm": "systemd\n",
      }),
    );
    for (const name of ["Incus", "auditd", "TPM", "Cockpit", "polkit"]) {
      expect(engines.get(name)).toMatchObject({ state: "stopped" });
      expect(engines.get(name)?.remedy).not.toBe("");
    }
    expect(engines.get("Incus")?.version).toBe("6.0");
  });

  it("run where they answer", async () => {
    const machine = new Recorded({
      "/proc/7/comm": "auditd\n",
      "/proc/8/comm": "polkitd\n",
      "/proc/9/comm": "ceph-osd\n",
      "/etc/systemd/system/sockets.target.wants/cockpit.socket": "-> /nowhere",
      "/usr/sbin/nft": "",
    });
    const server = createServer().listen(join(machine.root, "incus.socket"));
    await new Promise((resolve) => server.once("listening", resolve));
    const engines = await probe(machine, "/incus.socket");
    server.close();
    for (const name of ["Incus", "auditd", "polkit", "Ceph", "Cockpit", "nftables"]) {
      expect(engines.get(name)).toMatchObject({ state: "running", remedy: "" });
    }
  });
});

describe("cache", () => {
  it("shares an answer, but never a failure", async () => {
    let asked = 0;
    const cache = new Cache(60_000, async () => {
      asked += 1;
      if (asked === 1) throw new Error("not yet");
      return asked;
    });
    await expect(Promise.all([cache.get(), cache.get()])).rejects.toThrow("not yet");
    expect(await Promise.all([cache.get(), cache.get()])).toEqual([2, 2]);
  });
});

describe("programs", () => {
  it("are asked for real, with a limit, and may be missing", async () => {
    const system = new System();
    expect(await system.run("cat", ["/proc/sys/kernel/ostype"])).toEqual({
      code: 0,
      out: "Linux\n",
    });
    expect((await system.run("false", []))?.code).toBe(1);
    expect(await system.run("dsecos-no-such-program", [])).toBeUndefined();
    await expect(system.run("sleep", ["10"])).rejects.toThrow("no answer within 2000 ms");
  });
});

describe("this machine", () => {
  it("is described as the contract says, within the time of a page", async () => {
    const log: string[] = [];
    const { handlers } = createNode({
      version: "0.0.0",
      log: (_level, message) => log.push(message),
      firewall: {
        ...{ audit: new RecordingAudit(), directory: "/no/such", declared: undefined },
        ...{ derived: [], history: async () => [] },
      },
      expiring: () => Promise.reject(new Error("not asked for")),
    });
    const call = {} as never;
    const status = await handlers.Show(call);
    expect(v.safeParse(nodeStatusSchema, status).issues).toBeUndefined();
    expect(status.load.memoryKib).toBeGreaterThan(100_000);
    expect(status.disks.some(({ mount }) => mount === "/")).toBe(true);
    expect(await handlers.Check(call)).toEqual(status.assurance);
    expect(log).toEqual([]);
    const begin = performance.now();
    await handlers.Show(call);
    expect(performance.now() - begin).toBeLessThan(500);
  });
});
