import type { CheckDefinition } from "./types.ts";

const directory = "/sys/firmware/efi/efivars";
const globalVariable = "8be4df61-93ca-11d2-aa0d-00e098032b8c";

export const secureBoot: CheckDefinition = {
  id: "secure-boot",
  title: "Secure Boot",
  why: "Without Secure Boot, whoever reaches the disk chooses the kernel that starts.",
  command: "mokutil --sb-state",
  find: async (system) => {
    const remedy = "Turn Secure Boot on in the firmware's set-up.";
    if (!(await system.exists("/sys/firmware/efi"))) {
      const fact = "The node was not started by UEFI, so nothing checked its kernel.";
      return { verdict: "bad", fact, remedy: "Start the node by UEFI with Secure Boot." };
    }
    // Four bytes of attributes come before the value.
    const value = async (name: string) =>
      (await system.bytes(`${directory}/${name}-${globalVariable}`))?.at(4);
    if ((await system.list(directory)).length === 0) throw new Error("efivarfs is not mounted");
    if ((await value("SecureBoot")) !== 1) {
      return { verdict: "bad", fact: "Secure Boot is off.", remedy };
    }
    if ((await value("SetupMode")) === 1) {
      const fact = "Secure Boot is in set-up mode: anybody may enrol keys.";
      return { verdict: "bad", fact, remedy: "Enrol the platform key." };
    }
    return { verdict: "good", fact: "Secure Boot is on." };
  },
};
