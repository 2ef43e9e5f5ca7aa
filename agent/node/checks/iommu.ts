import type { CheckDefinition } from "./types.ts";

const groups = "/sys/kernel/iommu_groups";

export const iommu: CheckDefinition = {
  id: "iommu",
  title: "IOMMU",
  why: "Without an IOMMU a card or a plugged-in device reads and writes all memory, past every other guard.",
  command: "cat /sys/kernel/iommu_groups/*/type | sort | uniq -c",
  find: async (system, { virtualization }) => {
    if (!(await system.exists("/sys/kernel"))) throw new Error("sysfs is not mounted");
    const names = (await system.list(groups)).filter((name) => /^\d+$/.test(name));
    if (names.length === 0) {
      if (virtualization !== "none") {
        const fact = `This machine has no IOMMU; its host (${virtualization}) decides what devices reach.`;
        const remedy = "Give the virtual machine an IOMMU, or pass no devices through to it.";
        return { verdict: "warning", fact, remedy };
      }
      const remedy =
        "Turn VT-d or AMD-Vi on in the firmware’s set-up, and on Intel boot with intel_iommu=on.";
      return { verdict: "bad", fact: "No IOMMU guards the memory.", remedy };
    }
    const types = await Promise.all(
      names.map(async (name) => (await system.read(`${groups}/${name}/type`))?.trim()),
    );
    if (types.includes(undefined))
      throw new Error("this kernel does not tell how devices are held");
    const open = types.filter((type) => type === "identity").length;
    if (open > 0) {
      const fact = `${open} of ${names.length} groups of devices reach all memory (identity).`;
      const remedy = "Boot with iommu.passthrough=0 and without iommu=pt.";
      return { verdict: "bad", fact, remedy };
    }
    const fact = `${names.length} groups of devices reach only the memory that they were given.`;
    return { verdict: "good", fact };
  },
};
