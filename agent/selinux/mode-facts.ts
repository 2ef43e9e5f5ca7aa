/** What the mode means, in sentences: whether the promises about SELinux and AppArmor are kept. */
import type { Mode, ModeReadings, Reading } from "./mode.ts";

export interface ModeFact {
  readonly id: string;
  readonly title: string;
  readonly verdict: "good" | "warning" | "bad" | "unknown";
  /** What was found. */
  readonly fact: string;
  /** What to do about it; left out where nothing is to be done. */
  readonly remedy?: string;
  /** What a sceptic runs himself. */
  readonly command: string;
}

type Found = Omit<ModeFact, "id" | "title" | "command">;

const boot = "Put security=selinux enforcing=1 on the kernel's command line and start again.";

export function modeFacts(readings: ModeReadings): ModeFact[] {
  const fact = <T>(
    [id, title, command]: readonly [string, string, string],
    reading: Reading<T>,
    judge: (value: T) => Found,
  ): ModeFact => ({ id, title, command, ...judged(reading, judge) });
  return [
    fact(["now", "SELinux now", "getenforce"], readings.now, nowFact),
    fact(
      ["boot", "SELinux at the next start", "cat /etc/selinux/config /proc/cmdline"],
      readings.atBoot,
      bootFact,
    ),
    fact(
      ["line", "Kernel's command line", "cat /proc/cmdline"],
      readings.kernelLine,
      ({ selinux, chosen }) => {
        if (chosen === "selinux") return { verdict: "good", fact: "It chooses SELinux." };
        const ignored =
          selinux === undefined ? "" : ` Debian's kernels do not look at selinux=${selinux}.`;
        return { verdict: "bad", fact: `It does not choose SELinux.${ignored}`, remedy: boot };
      },
    ),
    fact(
      ["permissive", "Permissive domains", "seinfo --permissive"],
      readings.permissiveDomains,
      (domains) => {
        if (domains.length === 0) return { verdict: "good", fact: "No domain is permissive." };
        const names = domains.slice(0, 5).join(", ");
        const more = domains.length > 5 ? ` and ${domains.length - 5} more` : "";
        return {
          verdict: "bad",
          fact: `Nothing is refused to ${names}${more}.`,
          remedy: "Build the policy without permissive domains and load it.",
        };
      },
    ),
    fact(
      ["unknown", "Unknown permissions", "cat /sys/fs/selinux/deny_unknown"],
      readings.unknownPermissions,
      (handling) =>
        handling === "allow"
          ? { verdict: "warning", fact: "What the policy has no name for is allowed." }
          : { verdict: "good", fact: "What the policy has no name for is refused." },
    ),
    fact(
      ["memory", "Memory protection", "cat /sys/fs/selinux/checkreqprot"],
      readings.checksRequested,
      (requested) =>
        requested
          ? {
              verdict: "bad",
              fact: "Memory is checked as programs ask for it, not as it becomes.",
              remedy: "Start the kernel without checkreqprot=1.",
            }
          : { verdict: "good", fact: "Memory is checked as it becomes." },
    ),
    fact(
      ["modules", "SELinux and AppArmor", "cat /sys/kernel/security/lsm"],
      readings.modules,
      (modules) => modulesFact(modules, readings.kernel),
    ),
  ];
}

function judged<T>(reading: Reading<T>, judge: (value: T) => Found): Found {
  if ("value" in reading) return judge(reading.value);
  return { verdict: "unknown", fact: `This cannot be found out: ${reading.unknown}.` };
}

function nowFact(mode: Mode): Found {
  if (mode === "enforcing") return { verdict: "good", fact: "SELinux is enforcing." };
  if (mode === "disabled") return { verdict: "bad", fact: "SELinux is not active.", remedy: boot };
  const fact = "SELinux is permissive: it records and lets pass.";
  return { verdict: "bad", fact, remedy: "Run setenforce 1." };
}

function bootFact(mode: Mode): Found {
  if (mode === "enforcing")
    return { verdict: "good", fact: "With this kernel line the node starts enforcing." };
  const fact =
    mode === "permissive"
      ? "With this kernel line the node starts permissive."
      : "With this kernel line and configuration the node starts without SELinux.";
  const remedy = `Set SELINUX=enforcing in /etc/selinux/config. ${boot}`;
  return { verdict: "bad", fact, remedy };
}

/**
 * Both modules claim the one place for such modules (LSM_FLAG_EXCLUSIVE), so that the kernel starts
 * the first of them and leaves the other out; in Linux 6.12 and before there is no way around it.
 */
function modulesFact(modules: readonly string[], kernel: Reading<string>): Found {
  const selinux = modules.includes("selinux");
  const apparmor = modules.includes("apparmor");
  const version = "value" in kernel ? ` (${kernel.value})` : "";
  if (selinux && apparmor)
    return { verdict: "good", fact: `This kernel${version} runs SELinux and AppArmor together.` };
  if (selinux) {
    const fact =
      `SELinux runs on this node and AppArmor does not: Linux up to 6.12 runs only one of them${version}. ` +
      "The promise of both is kept in part: SELinux between tenants, AppArmor inside of virtual machines, for which there are profiles in /usr/share/dsecos/apparmor.";
    return { verdict: "warning", fact };
  }
  if (apparmor) {
    const fact =
      `AppArmor runs on this node and SELinux does not: Linux up to 6.12 runs only one of them${version}. ` +
      "AppArmor confines programs; it does not keep tenants apart by a type for each, and nothing of that is proved here.";
    return { verdict: "bad", fact, remedy: boot };
  }
  return { verdict: "bad", fact: "Neither SELinux nor AppArmor runs on this node.", remedy: boot };
}
