import type { CheckDefinition } from "./types.ts";

const device = "/sys/class/tpm/tpm0";

export const tpm: CheckDefinition = {
  id: "tpm",
  title: "TPM",
  why: "Only a TPM of hardware can prove to others how this node was started.",
  command: "readlink -f /sys/class/tpm/tpm0; cat /sys/class/tpm/tpm0/tpm_version_major",
  find: async (system, { processes, virtualization }) => {
    const remedy = "Use a node with a TPM 2.0 of hardware, enabled in the firmware's set-up.";
    const target = await system.link(device);
    if (target === undefined && !(await system.exists(device))) {
      const fact = processes.has("swtpm")
        ? "There is no TPM, only swtpm, which is software and proves nothing."
        : "There is no TPM.";
      return { verdict: "bad", fact, remedy };
    }
    const major = (await system.read(`${device}/tpm_version_major`))?.trim();
    if (major !== "2") {
      return { verdict: "bad", fact: `The TPM has version ${major ?? "unknown"}.`, remedy };
    }
    if (target?.includes("/devices/virtual/")) {
      const fact = "The TPM is software on this very machine and proves nothing.";
      return { verdict: "bad", fact, remedy };
    }
    if (virtualization !== "none") {
      const fact = `The TPM is given by the hypervisor (${virtualization}), so it is software.`;
      return { verdict: "warning", fact, remedy };
    }
    return { verdict: "good", fact: "A TPM 2.0 of hardware is there." };
  },
};
