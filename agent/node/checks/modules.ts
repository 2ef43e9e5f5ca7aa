import type { CheckDefinition } from "./types.ts";

/** Bits of kernel.tainted that a module set which should not be there (Linux, tainted-kernels). */
const taints: readonly (readonly [bit: number, what: string])[] = [
  [1, "a module was forced in"],
  [3, "a module was forced out"],
  [12, "a module from outside of the kernel’s source was loaded"],
  [13, "a module without a signature was loaded"],
];

const remedy =
  "Boot with Secure Boot, lockdown=integrity or module.sig_enforce=1; where all modules are known, set kernel.modules_disabled=1 after the start.";

export const modules: CheckDefinition = {
  id: "modules",
  title: "Kernel modules",
  why: "A module is part of the kernel: who may load any module may do anything.",
  command:
    "cat /proc/sys/kernel/tainted /sys/module/module/parameters/sig_enforce; sysctl kernel.modules_disabled",
  find: async (system) => {
    const tainted = (await system.read("/proc/sys/kernel/tainted"))?.trim();
    if (tainted === undefined || !/^\d+$/.test(tainted)) {
      throw new Error("the kernel does not tell what it has loaded");
    }
    const told = taints.filter(([bit]) => (BigInt(tainted) >> BigInt(bit)) & 1n);
    if (told.length > 0) {
      const fact = `Since the start ${told.map(([, what]) => what).join(", and ")}.`;
      const why = "See which with: grep -E '\\([A-Z]+\\)' /proc/modules; remove it and restart.";
      return { verdict: "bad", fact, remedy: why };
    }
    if ((await system.read("/proc/modules")) === undefined) {
      return { verdict: "good", fact: "This kernel cannot load modules." };
    }
    const disabled = (await system.read("/proc/sys/kernel/modules_disabled"))?.trim();
    if (disabled === "1") {
      return { verdict: "good", fact: "No module can be loaded until the next start." };
    }
    const enforced = await system.read("/sys/module/module/parameters/sig_enforce");
    if (enforced?.trim() === "Y") {
      return { verdict: "good", fact: "Only signed modules are loaded." };
    }
    const lockdown = (await system.read("/sys/kernel/security/lockdown")) ?? "";
    if (/\[(integrity|confidentiality)\]/.test(lockdown)) {
      return { verdict: "good", fact: "Lockdown lets only signed modules in." };
    }
    return { verdict: "bad", fact: "Root can load any module, signed or not.", remedy };
  },
};
