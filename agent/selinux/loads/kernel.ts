/** What loading a policy needs of the kernel. */
import { open, readFile, stat } from "node:fs/promises";
import { uptime } from "node:os";
import { DsecosError } from "../../bus/errors.ts";
import { loadedPolicy } from "../offline.ts";
import { inTurn } from "../one-reader.ts";

export interface Kernel {
  /** Whether a policy is loaded; where SELinux is off, none can be. */
  active(): Promise<boolean>;
  /** The loaded policy, as the kernel writes it anew, with the booleans as they are now. */
  read(): Promise<Buffer>;
  /** @throws DsecosError where the kernel does not take it; the policy of before stays then */
  load(policy: Buffer): Promise<void>;
  /** Tells one start of the machine from another. */
  boot(): Promise<string>;
  /** Seconds since the start, which no change of the clock moves. */
  uptime(): number;
}

export interface KernelFiles {
  readonly policy?: string;
  readonly load?: string;
  readonly boot?: string;
}

export function kernelOf({
  policy = loadedPolicy,
  load = "/sys/fs/selinux/load",
  boot = "/proc/sys/kernel/random/boot_id",
}: KernelFiles = {}): Kernel {
  return {
    async active() {
      try {
        await stat(policy);
        return true;
      } catch (error) {
        if ((error as NodeJS.ErrnoException).code === "ENOENT") return false;
        throw error;
      }
    },
    read: () => inTurn(() => readFile(policy)),
    load: (bytes) => write(load, bytes),
    boot: async () => (await readFile(boot, "latin1")).trim(),
    uptime,
  };
}

/** In one write: the kernel takes each for a whole policy. */
async function write(file: string, bytes: Buffer): Promise<void> {
  try {
    const handle = await open(file, "w");
    try {
      const { bytesWritten } = await handle.write(bytes, 0, bytes.length, null);
      if (bytesWritten !== bytes.length)
        throw new Error(`the kernel took ${bytesWritten} of ${bytes.length} bytes of the policy`);
    } finally {
      await handle.close();
    }
  } catch (error) {
    const why: Record<string, string> = {
      EINVAL: "it says that it is no policy for this kernel",
      EACCES: "the policy that is loaded does not let the agent load another",
      EPERM: "the policy that is loaded does not let the agent load another",
      EROFS: "the agent's unit does not let it write there",
      ENOMEM: "it has no memory for it",
    };
    const reason = why[(error as NodeJS.ErrnoException).code ?? ""];
    if (reason === undefined) throw error;
    const what = `The kernel did not take the policy: ${reason}. The one of before is still loaded; dmesg may say more.`;
    throw new DsecosError("Unavailable", what, { cause: error });
  }
}
