import type { CheckDefinition } from "./types.ts";

/** What turns a guard off, or opens a door before anybody has to log in. */
const weakening: readonly (readonly [pattern: RegExp, does: string])[] = [
  [/^mitigations=off$/, "lets processes read each other’s memory through the CPU"],
  [
    /^(nospectre_v[12]|nopti|pti=off|spectre_v2=off|mds=off|l1tf=off|retbleed=off)$/,
    "takes away a guard against flaws of the CPU",
  ],
  [
    /^(spec_store_bypass_disable=off|tsx_async_abort=off|srbds=off|mmio_stale_data=off)$/,
    "takes away a guard against flaws of the CPU",
  ],
  [/^nokaslr$/, "puts the kernel where attackers expect it"],
  [/^nosm[ae]p$/, "lets the kernel run and read what programs prepared"],
  [/^(selinux=0|enforcing=0)$/, "starts without SELinux, or only permissive"],
  [/^lockdown=none$/, "starts without lockdown"],
  [/^audit=(0|off)$/, "starts without the kernel’s audit"],
  [
    /^(iommu=(off|pt|soft)|intel_iommu=off|amd_iommu=off|iommu\.passthrough=1)$/,
    "lets devices reach all memory",
  ],
  [/^module\.sig_enforce=(0|n|N)$/, "loads modules that nobody signed"],
  [/^ima_appraise=(off|fix|log)$/, "does not enforce signatures of files"],
  [
    /^(init=.*|rdinit=.*|rd\.break.*|break=.*|single|emergency|rescue|s|S|1)$/,
    "starts something else than the system, or a shell without a password",
  ],
  [
    /^systemd\.(debug[-_]shell|unit=(rescue|emergency)\.target).*$/,
    "starts a shell without a password",
  ],
  [/^kgdb(oc|wait).*$/, "lets a debugger into the kernel"],
];

/** What a stock kernel does not do by itself, each with what it is for. */
const wanted: readonly (readonly [pattern: RegExp, write: string])[] = [
  [/^slab_nomerge(=1)?$/, "slab_nomerge"],
  [/^iommu\.strict=1$/, "iommu.strict=1"],
  [/^vsyscall=none$/, "vsyscall=none"],
  [/^debugfs=(off|no-mount)$/, "debugfs=off"],
  [/^page_alloc\.shuffle=(1|y|Y)$/, "page_alloc.shuffle=1"],
];

export const commandLine: CheckDefinition = {
  id: "command-line",
  title: "Kernel command line",
  why: "The command line can turn every guard of the kernel off before anything is there to notice it.",
  command: "cat /proc/cmdline",
  find: async (system) => {
    const text = await system.read("/proc/cmdline");
    if (text === undefined) throw new Error("there is no /proc/cmdline");
    const parameters = parametersOf(text);
    const found = parameters.flatMap((parameter) => {
      const does = weakening.find(([pattern]) => pattern.test(parameter))?.[1];
      return does === undefined ? [] : [`${parameter} ${does}`];
    });
    if (found.length > 0) {
      const remedy =
        "Take it out of GRUB_CMDLINE_LINUX in /etc/default/grub, run update-grub, and restart.";
      return { verdict: "bad", fact: `${found.join("; ")}.`, remedy };
    }
    const missing = wanted.filter(([pattern]) => !parameters.some((one) => pattern.test(one)));
    if (missing.length === 0) {
      const fact = "It weakens nothing, and has all that makes attacks on the kernel harder.";
      return { verdict: "good", fact };
    }
    const list = missing.map(([, write]) => write).join(" ");
    const remedy = `Add to GRUB_CMDLINE_LINUX in /etc/default/grub: ${list}. Then update-grub, and restart.`;
    return {
      verdict: "warning",
      fact: `It weakens nothing, but could guard more: ${list}.`,
      remedy,
    };
  },
};

/** What stands behind `--` is for init and no parameter of the kernel. */
function parametersOf(text: string): string[] {
  const words: string[] = text.trim().match(/(?:"[^"]*"|[^\s"])+/g) ?? [];
  const end = words.indexOf("--");
  return end === -1 ? words : words.slice(0, end);
}
