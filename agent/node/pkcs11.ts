/** PKCS#11 modules on this node: those of real devices, and SoftHSM, which is none. */
import type { System } from "./system.ts";

const soft = [
  "/usr/lib/softhsm/libsofthsm2.so",
  "/usr/lib/x86_64-linux-gnu/softhsm/libsofthsm2.so",
  "/usr/lib/aarch64-linux-gnu/softhsm/libsofthsm2.so",
  "/usr/local/lib/softhsm/libsofthsm2.so",
] as const;

/** Where the makers' own installers put their modules. */
const hard = [
  "/opt/nfast/toolkits/pkcs11/libcknfast.so",
  "/usr/safenet/lunaclient/lib/libCryptoki2_64.so",
  "/usr/lunasa/lib/libCryptoki2_64.so",
  "/opt/utimaco/lib/libcs_pkcs11_R3.so",
  "/usr/lib/libcs_pkcs11_R3.so",
  "/opt/cloudhsm/lib/libcloudhsm_pkcs11.so",
  "/usr/lib/x86_64-linux-gnu/pkcs11/yubihsm_pkcs11.so",
] as const;

export function softHsmModules(system: System): Promise<string[]> {
  return existing(system, soft);
}

export function hsmModules(system: System): Promise<string[]> {
  return existing(system, hard);
}

async function existing(system: System, paths: readonly string[]): Promise<string[]> {
  const found = await Promise.all(paths.map((path) => system.exists(path)));
  return paths.filter((_path, index) => found[index]);
}
