import type { CheckDefinition } from "./types.ts";

const remedy = "Boot with security=selinux enforcing=1 and set SELINUX=enforcing.";

export const selinux: CheckDefinition = {
  id: "selinux",
  title: "SELinux mode",
  why: "SELinux keeps tenants apart even from a process that runs as root.",
  command: "cat /sys/fs/selinux/enforce; grep ^SELINUX= /etc/selinux/config",
  find: async (system) => {
    const text = await system.read("/sys/fs/selinux/enforce");
    if (text === undefined) return { verdict: "bad", fact: "SELinux is not active.", remedy };
    if (text.trim() === "1") {
      const config = await system.read("/etc/selinux/config");
      const next = /^SELINUX=(\w+)/m.exec(config ?? "")?.[1];
      if (next === undefined || next === "enforcing") {
        return { verdict: "good", fact: "SELinux is enforcing." };
      }
      const fact = `SELinux is enforcing now, but /etc/selinux/config says ${next} for the next start.`;
      return { verdict: "warning", fact, remedy: "Set SELINUX=enforcing in /etc/selinux/config." };
    }
    return { verdict: "bad", fact: "SELinux is permissive: it logs and lets pass.", remedy };
  },
};
