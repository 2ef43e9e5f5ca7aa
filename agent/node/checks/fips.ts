import type { CheckDefinition } from "./types.ts";

export const fips: CheckDefinition = {
  id: "fips",
  title: "FIPS mode",
  why: "In FIPS mode the kernel uses only tested, approved cryptography.",
  command: "cat /proc/sys/crypto/fips_enabled",
  find: async (system) => {
    const text = (await system.read("/proc/sys/crypto/fips_enabled"))?.trim();
    if (text === "1") return { verdict: "good", fact: "The kernel is in FIPS mode." };
    const fact = text === "0" ? "FIPS mode is off." : "This kernel has no FIPS mode.";
    return { verdict: "warning", fact, remedy: "Boot a kernel that has it with fips=1." };
  },
};
