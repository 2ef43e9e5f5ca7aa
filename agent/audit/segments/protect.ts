/**
 * The file flags append-only (+a) and immutable (+i), which stop even root until they are taken
 * away. They deter and prevent accidents; they prove nothing.
 */
import { execFile, execFileSync } from "node:child_process";
import { promisify } from "node:util";

const options = { timeout: 10_000, maxBuffer: 64 * 1024 } as const;

/** @throws Error when the file system has no such flags, or does not let us. */
export async function setFlag(path: string, flag: "a" | "i"): Promise<void> {
  await promisify(execFile)("chattr", [`+${flag}`, "--", path], options);
}

/** What has no flags is left as it is; whether that was enough shows when the file is changed. */
export function clearFlags(path: string): void {
  try {
    execFileSync("chattr", ["-ai", "--", path], { ...options, stdio: "ignore" });
  } catch (error) {
    // A number is chattr's own exit status: no flags on this file system. Without chattr, none set.
    const { status, code } = error as { status?: unknown; code?: unknown };
    if (typeof status !== "number" && code !== "ENOENT") throw error;
  }
}
