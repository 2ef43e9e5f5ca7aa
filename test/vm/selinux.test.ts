/**
 * A node that enforces from its first boot, with two tenants whose containers really run: what is in
 * which domain, and what the kernel refuses to an intruder from one of them. The tests are steps of
 * one walk and stand in their order.
 */
import { copyFileSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { basename, join } from "node:path";
import { afterAll, beforeAll, describe, expect, inject, test } from "vitest";
import { buildImage } from "../../packaging/image/build.js";
import { until } from "../../packaging/setup/lib/wait.js";
import { asWalk } from "../lib/walk.ts";
import { type Attempt, attempts, intrude } from "./intruder.ts";
import { Machine } from "./machine.ts";
import { startMonitor } from "./monitor.ts";
import { obstacle } from "./qemu.ts";
import { selinuxRecipe } from "./selinux-recipe.js";
import { giveBack, takeOver, trespasses } from "./taken-helper.ts";

const reason = obstacle();
const skipped = reason === "" ? "" : `: skipped, since ${reason}`;

const preseed = `networks:
- name: incusbr0
  type: bridge
  config: {ipv4.address: 10.99.0.1/24, ipv4.nat: "false", ipv6.address: none}
storage_pools:
- {name: default, driver: dir}
profiles:
- name: default
  devices:
    root: {path: /, pool: default, type: disk}
    eth0: {name: eth0, network: incusbr0, type: nic}
`;

/** The smallest container there is: busybox with an init that waits. */
const busyboxImage = `set -eu
work=$(mktemp -d) && cd "$work"
mkdir -p rootfs/bin rootfs/sbin rootfs/dev rootfs/proc rootfs/sys rootfs/etc rootfs/run rootfs/srv
cp /bin/busybox rootfs/bin/busybox
ln -s busybox rootfs/bin/sh
cat > rootfs/sbin/init <<'END'
#!/bin/sh
trap 'exit 0' PWR TERM INT
while :; do busybox sleep 1000 & wait; done
END
chmod 755 rootfs/sbin/init
echo '{"architecture": "x86_64", "creation_date": 1700000000}' > metadata.yaml
tar -cf busybox.tar metadata.yaml rootfs
incus image import busybox.tar --alias busybox
rm -rf "$work"
`;

const officer = "olga";
const hers = { user: officer, seconds: 900 };

interface DenialRow {
  sourceType: string;
  targetType: string;
  class: string;
  permissions: string[];
  passed: number;
  explanation: { cause: string; alarm: boolean } | null;
}

describe.skipIf(reason !== "")(`a node that enforces from its first boot${skipped}`, () => {
  let machine: Machine;
  const work = mkdtempSync(join(tmpdir(), "dsecos-vm-selinux-"));

  beforeAll(async () => {
    const own = inject("packages").filter((file) => !basename(file).startsWith("dsecos-witness"));
    const [started, image] = await Promise.all([Machine.start(selinuxRecipe(own)), buildImage()]);
    machine = started;
    // A copy: other tests make links to the cached one, and tar minds.
    copyFileSync(image.file, join(work, "debian.tar"));
    await machine.push([join(work, "debian.tar")], "/root");
  }, 1_500_000);

  asWalk();

  afterAll(async () => {
    await machine?.remove();
    rmSync(work, { recursive: true, force: true });
  });

  const shell = (script: string, seconds = 180) =>
    machine.run(["sh", "-s"], { input: script, seconds });

  /** @returns domains of all processes, by the names of their programs */
  async function domains(): Promise<Map<string, Set<string>>> {
    const found = new Map<string, Set<string>>();
    for (const line of (await machine.run(["ps", "-eo", "label=,comm="])).split("\n")) {
      const [context = "", name = ""] = line.trim().split(/\s+/);
      const all = found.get(name) ?? new Set();
      found.set(name, all.add(context.split(":")[2] ?? ""));
    }
    return found;
  }

  /** @returns lines of the audit log about what was denied to some domains */
  async function denialsOf(...types: string[]): Promise<string[]> {
    const log = await machine.run(["cat", "/var/log/audit/audit.log"]);
    const theirs = new RegExp(` denied .* scontext=[^ ]*:(${types.join("|")}):`);
    return log.split("\n").filter((line) => line.includes("type=AVC") && theirs.test(line));
  }

  /** Waits until the driver of SoftHSM is ready, after it began anew so many times. */
  const driver = (restarts: number) =>
    until("the driver of SoftHSM", 300, async () => {
      const { rows } = JSON.parse(await machine.run(["dsecos", "hsm", "get-drivers", "--json"]));
      return rows[0].state === "ready" && rows[0].restarts === restarts;
    });

  /** What an officer asks for and root agrees to. @returns what it printed */
  async function agreed(words: string[]): Promise<string> {
    const { stderr } = await machine.probe(words, hers);
    const request = /\b[0-9a-f]{16}\b/.exec(stderr)?.[0] ?? `none in: ${stderr}`;
    await machine.run(["dsecos", "approvals", "approve", request, "--yes"]);
    return machine.run(words, hers);
  }

  test("the first boot enforced our policy, and services are in their domains", async () => {
    expect(await machine.run(["cat", "/sys/fs/selinux/enforce"])).toBe("1");
    expect(await machine.run(["cat", "/sys/fs/selinux/policyvers"])).toBe("33");
    expect(await machine.run(["cat", "/sys/kernel/security/lsm"])).toMatch(/\bselinux\b/);
    expect(await machine.run(["journalctl", "--list-boots", "--quiet"])).toMatch(/^.*\n$/);
    expect(await machine.run(["cat", "/proc/cmdline"])).toContain("security=selinux enforcing=1");
    await machine.run(["systemctl", "is-active", "cockpit.socket", "ssh", "auditd", "dbus"]);
    await machine.run(["systemctl", "start", "cockpit.service"]);
    await driver(0);
    const found = await domains();
    expect(found.get("systemd-journal")).toEqual(new Set(["syslogd_t"]));
    expect(found.get("auditd")).toEqual(new Set(["auditd_t"]));
    expect(found.get("dbus-daemon")).toContain("system_dbusd_t");
    expect(found.get("sshd")).toEqual(new Set(["sshd_t"]));
    expect(found.get("cockpit-tls")).toEqual(new Set(["cockpit_ws_t"]));
    expect(found.get("lxcfs")).toEqual(new Set(["lxcfs_t"]));
    // The agent, and the driver of SoftHSM: its keeper, and the host that knows the keys.
    const ours = ["dsecos_agent_t", "dsecos_hsm_keeper_t", "dsecos_hsm_t"];
    expect(found.get("node")).toEqual(new Set(ours));
  }, 600_000);

  test("the loaded policy is proved on the machine itself", async () => {
    const said = await machine.run(["dsecos", "selinux", "prove", "--json"], { seconds: 300 });
    const { proved, counts, permissive } = JSON.parse(said);
    expect({ proved, permissive }).toEqual({ proved: true, permissive: [] });
    expect(counts.tenants).toBe(64);
  }, 600_000);

  test("two tenants' containers run as their types, one of them with systemd", async () => {
    await machine.run(["incus", "admin", "init", "--preseed"], { input: preseed, seconds: 300 });
    await shell(busyboxImage);
    const imported = ["image", "import", "/root/debian.tar", "--alias", "debian-13"];
    await machine.run(["incus", ...imported], { seconds: 300 });
    const limits = ["--cpu", "4", "--ram", "1GB", "--storage", "8GB"];
    for (const [tenant, name, image] of [
      ["alpha", "web", "debian-13"],
      ["beta", "box", "busybox"],
    ] as const) {
      const domain = ["--domain", `${tenant}_t`];
      await machine.run(["dsecos", "tenants", "create", tenant, ...domain, ...limits]);
      const create = ["dsecos", "instances", "create", tenant, name, "--image", image];
      await machine.run([...create, "--yes"], { seconds: 300 });
    }
    const inWeb = ["incus", "exec", "web", "--project", "alpha", "--"];
    // Its bus is there some moments after its init.
    const bus = ["test", "-S", "/run/dbus/system_bus_socket"];
    await until("the container's bus", 180, async () => {
      return (await machine.probe([...inWeb, ...bus])).code === 0;
    });
    const running = ["systemctl", "is-system-running", "--wait"];
    expect((await machine.probe([...inWeb, ...running])).stdout).toBe("running\n");
    const found = await domains();
    expect(found.get("incusd")).toEqual(new Set(["incusd_t"]));
    expect(found.get("dnsmasq")).toEqual(new Set(["dnsmasq_t"]));
    expect(found.get("systemd")).toContain("tenant0001_t");
    expect(found.get("init")).toEqual(new Set(["tenant0002_t"]));
    for (const domain of ["tenant0001_t", "tenant0002_t"]) {
      const started = ["cat", "/proc/self/attr/current"];
      const project = domain === "tenant0001_t" ? "alpha" : "beta";
      const instance = domain === "tenant0001_t" ? "web" : "box";
      const program = instance === "box" ? ["busybox", ...started] : started;
      const exec = ["incus", "exec", instance, "--project", project, "--", ...program];
      expect(await machine.run(exec)).toContain(`:${domain}:`);
    }
  }, 1_200_000);

  test("nobody sets the domain in an instance's configuration", async () => {
    for (const [project, instance] of [
      ["alpha", "web"],
      ["beta", "box"],
    ] as const) {
      const level = ["incus", "project", "get", project, "restricted.containers.lowlevel"];
      expect(await machine.run(level)).toBe("block\n");
      const raw = "raw.lxc=lxc.selinux.context=system_u:system_r:unconfined_t:s0";
      const set = ["incus", "config", "set", instance, raw, "--project", project];
      const refused = await machine.probe(set);
      expect(refused.code).not.toBe(0);
      expect(refused.stderr).toMatch(/forbidden/i);
    }
  }, 600_000);

  test("an intruder in a tenant's domain is refused all that is another's", async () => {
    const inWeb = ["incus", "exec", "web", "--project", "alpha", "--"];
    const listen = [
      "systemd-run",
      "--quiet",
      "systemd-socket-activate",
      "--listen=/srv/socket",
      "cat",
    ];
    await machine.run([...inWeb, ...listen]);
    await until("the victim's socket", 60, async () => {
      return (await machine.probe([...inWeb, "test", "-S", "/srv/socket"])).code === 0;
    });
    const info = await machine.run(["incus", "info", "web", "--project", "alpha"]);
    const victim = Number(/^PID: (\d+)$/m.exec(info)?.[1]);
    const said = await shell(
      intrude("tenant0002", {
        ...{ slot: "tenant0001", container: "alpha_web", pid: victim, socket: "/srv/socket" },
      }),
    );
    const [who, ...rest] = said.trim().split("\n");
    expect(who).toBe("as system_u:system_r:tenant0002_t:s0");
    expect(rest.sort()).toEqual(attempts.map((attempt) => `${attempt} refused`).sort());
  }, 600_000);

  test("each of them is among the denials, as isolation at work", async () => {
    const expected: Record<Attempt, [target: string, kind: string, permission: string]> = {
      read: ["tenant0001_file_t", "file", "read"],
      write: ["tenant0001_file_t", "file", "append"],
      relabel: ["tenant0001_file_t", "file", "relabelfrom"],
      disguise: ["tenant0002_file_t", "file", "relabelfrom"],
      signal: ["tenant0001_t", "process", "signal"],
      ptrace: ["tenant0001_t", "process", "ptrace"],
      proc: ["tenant0001_t", "dir", "search"],
      socket: ["tenant0001_file_t", "sock_file", "write"],
    };
    const asked = ["dsecos", "selinux", "denials", "--text", "tenant0002_t", "--json"];
    const rows = await until("the denials", 120, async () => {
      const { rows } = JSON.parse(await machine.run(asked)) as { rows: DenialRow[] };
      const socket = rows.some((row) => row.class === "sock_file");
      return socket ? rows : undefined;
    });
    for (const attempt of attempts) {
      const [target, kind, permission] = expected[attempt];
      const row = rows.find(
        ({ sourceType, targetType, class: found, permissions }) =>
          sourceType === "tenant0002_t" &&
          targetType === target &&
          found === kind &&
          permissions.includes(permission),
      );
      expect(row, attempt).toMatchObject({ passed: 0, explanation: { cause: "isolation" } });
    }
  }, 600_000);

  test("a policy goes again unless who loaded it confirms it, and stays when they do", async () => {
    // A login of her own: whoever becomes her from root's login is no second person.
    await machine.run(["useradd", "--create-home", "--groups", "dsecos-officer", officer]);
    const home = `/home/${officer}/.ssh`;
    await machine.run(["install", "-d", "-o", officer, "-m", "700", home]);
    const key = ["/root/.ssh/authorized_keys", `${home}/authorized_keys`];
    await machine.run(["install", "-o", officer, "-m", "600", ...key]);
    await machine.run(["restorecon", "-RF", `/home/${officer}`]);
    const selinux = (...words: string[]) => ["dsecos", "selinux", ...words];
    await machine.run(selinux("build", "--yes"), hers);
    // While the agent reads a policy with an emulated processor, an answer may take longer than
    // whoever asks waits.
    const answer = (...words: string[]) =>
      until(`an answer to ${words.join(" ")}`, 600, async () => {
        const { code, stdout } = await machine.probe(selinux(...words, "--json"), hers);
        return code === 0 ? JSON.parse(stdout) : undefined;
      });
    const newest = async () => {
      const [row] = (await answer("policies")).rows;
      return row as { policy: string; state: string; events: { event: string }[] };
    };
    const { policy } = await newest();
    const load = async (confirmSeconds: string) => {
      await agreed(selinux("load", policy, "--confirm-seconds", confirmSeconds, "--yes"));
    };
    const loaded = async () => (await answer("show")).loaded;
    await load("30");
    await until("the policy of before", 300, async () => {
      const [last] = (await newest()).events;
      return last?.event === "rolled back";
    });
    expect((await loaded()).origin).toBe("unsigned");
    await load("900");
    expect(await loaded()).toMatchObject({ origin: "pending", policy, by: officer });
    await machine.run(selinux("confirm", policy, "--yes"), hers);
    expect(await loaded()).toMatchObject({ origin: "confirmed", policy });
    const stored = "/etc/selinux/enterprise/policy/policy.33";
    expect(await machine.run(["sha256sum", stored])).toContain(policy);
  }, 2_400_000);

  test("a tenant's key signs in the driver's domain, and after its module was killed", async () => {
    const hsm = (...words: string[]) => machine.run(["dsecos", "hsm", ...words]);
    const signed = () =>
      machine.run(["sh", "-s"], {
        input: "dsecos hsm sign alpha documents Test --message @/etc/machine-id | base64",
      });
    await driver(0);
    await hsm("create-token", "alpha", "softhsm");
    await hsm("create-key", "alpha", "--name", "documents", "--algorithm", "P-384");
    expect(await signed()).toMatch(/^M[A-Za-z0-9+/=\s]{130,}$/); // a SEQUENCE of two numbers
    await machine.run(["sh", "-s"], { input: "kill -KILL $(pgrep -f -- --host$)" });
    await driver(1);
    expect(await signed()).toMatch(/^M/);
  }, 900_000);

  test("the agent's helper for Ceph speaks with a monitor, in a domain of its own", async () => {
    await shell(startMonitor, 400);
    const link = async () => JSON.parse(await machine.run(["dsecos", "ceph", "status", "--json"]));
    const reaches = (state: string) =>
      until(`a link that is ${state}`, 300, async () => {
        const status = await link();
        return status.state === state ? status : undefined;
      });
    expect((await reaches("ready")).version).toMatch(/^18\.2\./);
    const knocked = await until("an answer to a knock", 120, async () => {
      const { knocks } = await link();
      return knocks.answering > 0 ? knocks : undefined;
    });
    expect(knocked.silent).toEqual([]);
    expect((await domains()).get("ceph-helper.py")).toEqual(new Set(["dsecos_ceph_t"]));
    expect(await denialsOf("dsecos_ceph_t", "dsecos_ceph_luks_t", "dsecos_agent_t")).toEqual([]);
    // One that was taken over does what it is for, and nothing beyond.
    await shell(takeOver);
    const { reason: said } = await reaches("failed");
    expect(said).toContain("1048576 LUKS, system_u:system_r:dsecos_ceph_t:s0");
    expect(said).toContain(trespasses.map((what) => `${what} refused`).join(", "));
    expect(await denialsOf("dsecos_ceph_luks_t")).toEqual([]);
    await shell(giveBack);
    await reaches("ready");
  }, 900_000);

  test("the packet filter is loaded, confirmed, and loaded again by its unit", async () => {
    const status = async () =>
      JSON.parse(await machine.run(["dsecos", "node", "firewall", "--json"]));
    const { policy } = (await status()).declared;
    await agreed(["dsecos", "node", "apply-firewall", policy, "--yes"]);
    await machine.run(["dsecos", "node", "confirm-firewall", policy, "--yes"], hers);
    await machine.run(["nft", "delete", "table", "inet", "dsecos"]);
    await machine.run(["systemctl", "restart", "dsecos-firewall.service"]);
    await machine.run(["nft", "list", "table", "inet", "dsecos"]);
  }, 600_000);

  test("a node becomes a cluster, and a drill takes Incus away and brings it back", async () => {
    const [address = ""] = (await machine.run(["hostname", "-I"])).split(" ");
    const name = (await machine.run(["hostname"])).trim();
    await agreed(["dsecos", "cluster", "init", name, address, "--yes"]);
    expect(await agreed(["dsecos", "cluster", "invite", "node2", "--yes"])).not.toBe("");
    const pid = () => machine.run(["systemctl", "show", "--value", "--property=MainPID", "incus"]);
    const timing = async () =>
      shell(`grep -m 1 -o raft-timing.so "/proc/${(await pid()).trim()}/maps"`);
    expect(await timing()).toBe("raft-timing.so\n");
    // A drill takes three nodes. What it asks systemd for is asked here as the agent would.
    const domain = "--property=SELinuxContext=system_u:system_r:dsecos_agent_t:s0";
    const systemd = "org.freedesktop.systemd1";
    const ask = (member: string) => [
      ...["systemd-run", "--wait", "--pipe", "--quiet", domain, "env", "busctl", "call", systemd],
      ...["/org/freedesktop/systemd1", `${systemd}.Manager`, member, "ss"],
      ...["dsecos-drill@SIGKILL.service", "replace"],
    ];
    const before = await pid();
    await machine.run(ask("StartUnit"));
    await until("Incus to be away", 120, async () => {
      return (await machine.probe(["systemctl", "is-active", "incus.socket"])).code !== 0;
    });
    await machine.run(ask("StopUnit"));
    await until("Incus", 180, async () => (await machine.probe(["incus", "list"])).code === 0);
    expect(await pid()).not.toBe(before);
    expect(await timing()).toBe("raft-timing.so\n");
  }, 900_000);

  test("Incus and the agent did all of it without a denial of their own", async () => {
    for (const [tenant, instance] of [
      ["alpha", "web"],
      ["beta", "box"],
    ] as const) {
      await machine.run(["dsecos", "instances", "stop", tenant, instance, "--force", "--yes"]);
      await machine.run(["dsecos", "instances", "start", tenant, instance, "--yes"]);
    }
    await machine.run(["dsecos", "instances", "stop", "beta", "box", "--force", "--yes"]);
    await machine.run(["dsecos", "instances", "delete", "beta", "box", "--yes"]);
    await machine.run(["dsecos", "selinux", "settings", "--json"]);
    await machine.run(["dsecos", "audit", "verify", "/var/lib/dsecos/audit"], { seconds: 300 });
    const drivers = ["dsecos_hsm_keeper_t", "dsecos_hsm_t"];
    const ours = ["dsecos_agent_t", ...drivers, "incusd_t", "lxcfs_t", "dnsmasq_t"];
    // The program by which the drill's unit was asked for in the agent's stead looks around by itself.
    const denied = (await denialsOf(...ours)).filter((line) => !line.includes('comm="busctl"'));
    expect(denied).toEqual([]);
    // What the two inits ask for is allowed as well; only the intruder was refused.
    expect(await denialsOf("tenant0001_t")).toEqual([]);
  }, 600_000);
});
