import type { CheckDefinition } from "./types.ts";

const remedy = "Set kernel.core_pattern=|/bin/false and fs.suid_dumpable=0 with sysctl.";

export const coreDumps: CheckDefinition = {
  id: "core-dumps",
  title: "Core dumps",
  why: "A core dump writes the memory of a program to the disk, with the secrets in it.",
  command: "sysctl kernel.core_pattern fs.suid_dumpable; grep core /proc/1/limits",
  find: async (system) => {
    const pattern = (await system.read("/proc/sys/kernel/core_pattern"))?.trim();
    const suid = (await system.read("/proc/sys/fs/suid_dumpable"))?.trim();
    if (pattern === undefined || suid === undefined) throw new Error("sysctl tells nothing of it");
    if (suid !== "0") {
      return { verdict: "bad", fact: "Even privileged programs may dump core.", remedy };
    }
    if (/^\|(\/usr)?\/bin\/(false|true)$/.test(pattern)) {
      return { verdict: "good", fact: "Core dumps are thrown away." };
    }
    // Where the first process may write none, none of those it started may either.
    const limits = await system.read("/proc/1/limits");
    const [, soft, hard] = /^Max core file size\s+(\S+)\s+(\S+)/m.exec(limits ?? "") ?? [];
    if (!pattern.startsWith("|") && soft === "0" && hard === "0") {
      return { verdict: "good", fact: "No program may write a core dump." };
    }
    const way = pattern.startsWith("|") ? `go to ${pattern.slice(1).split(" ")[0]}` : "are written";
    return { verdict: "warning", fact: `Core dumps ${way}.`, remedy };
  },
};
