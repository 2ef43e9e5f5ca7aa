import type { CheckDefinition } from "./types.ts";

const remedy = "Boot with lockdown=integrity (or confidentiality).";

export const lockdown: CheckDefinition = {
  id: "lockdown",
  title: "Kernel lockdown",
  why: "Without lockdown, root can change the running kernel, and with it every other promise.",
  command: "cat /sys/kernel/security/lockdown",
  find: async (system) => {
    const text = await system.read("/sys/kernel/security/lockdown");
    if (text === undefined) {
      const names = await system.list("/sys/kernel/security");
      if (names.length === 0) throw new Error("securityfs is not mounted");
      return { verdict: "bad", fact: "This kernel has no lockdown.", remedy };
    }
    const mode = /\[(\w+)\]/.exec(text)?.[1];
    if (mode === undefined) throw new Error(`“${text.trim()}” names no mode`);
    if (mode === "none") return { verdict: "bad", fact: "Lockdown is off.", remedy };
    return { verdict: "good", fact: `Lockdown is in mode ${mode}.` };
  },
};
