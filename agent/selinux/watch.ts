/** Tells when another policy was loaded, or the mode changed, without asking for the policy. */
import { readFile } from "node:fs/promises";

/** Milliseconds from one look to the next: twenty bytes from memory. */
const everyMs = 5_000;

/** The kernel's counters: struct selinux_kernel_status in security/selinux/include/security.h. */
const statusBytes = 20;
const enforcingAt = 8;
const loadsAt = 12;

export interface KernelStatus {
  enforcing: boolean;
  /** How often a policy was loaded since boot. */
  loads: number;
}

/** @returns undefined where SELinux is not active. @throws when it cannot be read. */
export async function kernelStatus(
  path = "/sys/fs/selinux/status",
): Promise<KernelStatus | undefined> {
  let bytes: Buffer;
  try {
    bytes = await readFile(path);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "ENOENT") return undefined;
    throw error;
  }
  if (bytes.length < statusBytes) throw new Error(`${path} has ${bytes.length} bytes`);
  return {
    enforcing: bytes.readUInt32LE(enforcingAt) === 1,
    loads: bytes.readUInt32LE(loadsAt),
  };
}

/**
 * @param changed called when a look finds something else than the one before, and with the first
 * @param failed called when a look fails, with each other reason once
 * @returns a function that ends it
 */
export function watchKernel(
  look: () => Promise<KernelStatus | undefined>,
  changed: (status: KernelStatus | undefined) => void,
  failed: (error: unknown) => void,
): () => void {
  let known: string | undefined;
  let told = "";
  let timer: NodeJS.Timeout | undefined;
  let ended = false;
  const again = async () => {
    try {
      const status = await look();
      const now = JSON.stringify(status ?? null);
      if (!ended && now !== known) changed(status);
      known = now;
      told = "";
    } catch (error) {
      const reason = String(error);
      if (reason !== told) failed(error);
      told = reason;
    }
    if (!ended) timer = setTimeout(again, everyMs).unref();
  };
  void again();
  return () => {
    ended = true;
    clearTimeout(timer);
  };
}
