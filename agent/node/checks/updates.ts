import type { CheckDefinition } from "./types.ts";

const stamp = "/var/lib/apt/periodic/unattended-upgrades-stamp";
const day = 86_400_000;
/** Nights on which it may not run: the node was off, or its mirror was away. */
const mostDays = 3;

export const updates: CheckDefinition = {
  id: "updates",
  title: "Automatic updates",
  why: "A hole that is known and mended elsewhere is what attackers try first.",
  command: "apt-config dump APT::Periodic; ls -l /var/lib/apt/periodic /run/reboot-required",
  find: async (system, { now }) => {
    // There whole deployments are exchanged, which is a check of its own.
    if (await system.exists("/run/ostree-booted")) return undefined;
    const ran = await system.run("apt-config", ["dump", "APT::Periodic"]);
    if (ran === undefined || ran.code !== 0) throw new Error("apt cannot be asked");
    const every = (key: string) =>
      new RegExp(`^APT::Periodic::${key} "(.*)";$`, "m").exec(ran.out)?.[1] ?? "0";
    const program = await system.exists("/usr/bin/unattended-upgrade");
    const off = ["Update-Package-Lists", "Unattended-Upgrade"].some((key) => every(key) === "0");
    if (!program || off) {
      const fact = program
        ? "Automatic updates are installed, but switched off."
        : "Nothing installs security updates by itself.";
      const remedy =
        "apt install unattended-upgrades; dpkg-reconfigure --priority=low unattended-upgrades";
      return { verdict: "bad", fact, remedy };
    }
    if (await system.exists("/run/reboot-required")) {
      const packages = (await system.read("/run/reboot-required.pkgs"))?.trim().split("\n") ?? [];
      const names = [...new Set(packages)].slice(0, 5).join(", ");
      const fact = `What was installed is not used before a restart${names && `: ${names}`}.`;
      return { verdict: "warning", fact, remedy: "Restart the node in a maintenance window." };
    }
    const last = await system.changedAt(stamp);
    if (last === undefined) {
      const fact = "Automatic updates are on, but have never run.";
      return { verdict: "warning", fact, remedy: "See: systemctl status apt-daily-upgrade.timer" };
    }
    const days = Math.floor((now() - last) / day);
    if (days > mostDays) {
      const fact = `Automatic updates ran ${days} days ago for the last time.`;
      const remedy = "See why: journalctl -u apt-daily-upgrade.service";
      return { verdict: "bad", fact, remedy };
    }
    const fact = `Automatic updates are on and ran ${new Date(last).toISOString()}.`;
    return { verdict: "good", fact };
  },
};
