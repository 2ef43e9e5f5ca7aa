import type { CheckDefinition } from "./types.ts";

const remedy = "Boot with security=selinux enforcing=1 and set SELINUX=enforcing.";

export const selinux: CheckDefinition = {
  id: "selinux",
  title: "SELinux mode",
  why: "SELinux keeps tenants apart even from a process that runs as root.",
  command: "cat /sys/fs/selinux/enforce",
  find: async (system) => {
    const text = await system.read("/sys/fs/selinux/enforce");
    if (text === undefined) return { verdict: "bad", fact: "SELinux is not active.", remedy };
    if (text.trim() === "1") return { verdict: "good", fact: "SELinux is enforcing." };
    return { verdict: "bad", fact: "SELinux is permissive: it logs and lets pass.", remedy };
  },
};
