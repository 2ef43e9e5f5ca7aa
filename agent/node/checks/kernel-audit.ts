import type { CheckDefinition } from "./types.ts";

export const kernelAudit: CheckDefinition = {
  id: "kernel-audit",
  title: "Kernel audit",
  why: "The kernel's audit sees what goes past the agent.",
  command: "auditctl -s",
  find: async (system) => {
    const ran = await system.run("auditctl", ["-s"]);
    const enabled = /^enabled (\d)$/m.exec(ran?.out ?? "")?.[1];
    if (enabled === "2") {
      return { verdict: "good", fact: "Kernel audit is on and locked until the next start." };
    }
    if (enabled === "1") return { verdict: "good", fact: "Kernel audit is on." };
    const remedy = "apt install auditd; systemctl enable --now auditd.service";
    if (enabled === "0") return { verdict: "bad", fact: "Kernel audit is off.", remedy };
    if ((await system.read("/proc/self/loginuid")) === undefined) {
      const fact = "This kernel has no audit.";
      return { verdict: "bad", fact, remedy: "Use Debian's kernel." };
    }
    if (/(^|\s)audit=(0|off)(\s|$)/.test((await system.read("/proc/cmdline")) ?? "")) {
      const fact = "Kernel audit was turned off at start.";
      return { verdict: "bad", fact, remedy: "Boot with audit=1." };
    }
    const fact = ran === undefined ? "auditctl is not installed." : "auditctl could not ask.";
    return { verdict: "unknown", fact, remedy };
  },
};
