import type { System } from "../system.ts";
import type { CheckDefinition } from "./types.ts";

interface Setting {
  readonly key: string;
  readonly good: readonly number[];
  /** A kernel without this key has nothing to guard; otherwise its absence is a weakness itself. */
  readonly absent: "fine" | "weak";
}

const one = (key: string, good: number[], absent: Setting["absent"] = "fine"): Setting => ({
  ...{ key, good, absent },
});

/** As the Kernel Self-Protection Project and Debian’s hardening manual advise; the first is set. */
export const settings: readonly Setting[] = [
  one("kernel.kptr_restrict", [2, 1]),
  one("kernel.dmesg_restrict", [1]),
  one("kernel.randomize_va_space", [2]),
  one("kernel.yama.ptrace_scope", [1, 2, 3], "weak"),
  one("kernel.unprivileged_bpf_disabled", [1, 2]),
  one("net.core.bpf_jit_harden", [2]),
  one("kernel.perf_event_paranoid", [3, 2, 4]),
  one("kernel.kexec_load_disabled", [1]),
  one("kernel.sysrq", [0, 4, 16, 20, 176]),
  one("dev.tty.ldisc_autoload", [0]),
  one("vm.unprivileged_userfaultfd", [0]),
  one("fs.protected_hardlinks", [1], "weak"),
  one("fs.protected_symlinks", [1], "weak"),
  one("fs.protected_fifos", [2, 1], "weak"),
  one("fs.protected_regular", [2, 1], "weak"),
  one("net.ipv4.tcp_syncookies", [1]),
  one("net.ipv4.conf.all.rp_filter", [1, 2]),
  one("net.ipv4.conf.all.accept_source_route", [0]),
  one("net.ipv4.conf.all.accept_redirects", [0]),
  one("net.ipv4.conf.all.send_redirects", [0]),
  one("net.ipv6.conf.all.accept_source_route", [0, -1]),
  one("net.ipv6.conf.all.accept_redirects", [0]),
];

export const sysctls: CheckDefinition = {
  id: "sysctls",
  title: "Kernel settings",
  why: "These settings take from programs and from the network what they need to attack the kernel.",
  command: `sysctl ${settings.map(({ key }) => key).join(" ")}`,
  find: async (system) => {
    const read = await Promise.all(
      settings.map(async (setting) => ({
        ...setting,
        value: await settingOf(system, setting.key),
      })),
    );
    if (read.every(({ value }) => value === undefined)) throw new Error("there is no /proc/sys");
    const weak = read.filter(({ value, good, absent }) =>
      value === undefined ? absent === "weak" : !good.includes(value),
    );
    const count = read.filter(({ value }) => value !== undefined).length;
    if (weak.length === 0) {
      return {
        verdict: "good",
        fact: `All ${count} settings that this kernel has are as they should be.`,
      };
    }
    const list = weak.map(({ key, value }) =>
      value === undefined ? `${key} is missing` : `${key}=${value}`,
    );
    const write = weak.flatMap(({ key, value, good }) =>
      value === undefined ? [] : [`${key}=${good[0]}`],
    );
    const remedy =
      write.length > 0
        ? `Write into /etc/sysctl.d/90-hardening.conf, each on a line: ${write.join("  ")}. Then run sysctl --system.`
        : "Use Debian’s kernel, which has what is missing.";
    const fact = `${weak.length} of ${settings.length} are weaker than they should be: ${list.join(", ")}.`;
    return { verdict: "warning", fact, remedy };
  },
};

async function settingOf(system: System, key: string): Promise<number | undefined> {
  const path = `/proc/sys/${key.replaceAll(".", "/")}`;
  const text = (await system.read(path))?.trim();
  if (text === undefined) return undefined;
  if (!/^-?\d+$/.test(text)) throw new Error(`${path} holds no number`);
  return Number(text);
}
