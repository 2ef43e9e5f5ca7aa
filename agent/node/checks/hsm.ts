import { hsmModules, softHsmModules } from "../pkcs11.ts";
import type { CheckDefinition } from "./types.ts";

export const hsm: CheckDefinition = {
  id: "hsm",
  title: "HSM",
  why: "Keys in a software HSM lie on the disk, where root can copy them.",
  command: "pkcs11-tool --module MODULE --list-slots",
  find: async (system) => {
    const remedy = "Connect a hardware HSM and install its PKCS#11 module.";
    const hard = await hsmModules(system);
    if (hard.length > 0) {
      const fact = `The module ${hard.join(", ")} is installed; its device was not asked yet.`;
      return { verdict: "unknown", fact, remedy: "Ask the device with the command." };
    }
    if ((await softHsmModules(system)).length > 0) {
      return { verdict: "warning", fact: "The HSM is software (SoftHSM).", remedy };
    }
    return { verdict: "bad", fact: "There is no HSM.", remedy };
  },
};
