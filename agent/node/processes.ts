import { setImmediate as othersFirst } from "node:timers/promises";
import type { System } from "./system.ts";

/** Some tenths of a millisecond at a time; nodes have thousands of processes. */
const together = 32;

/** @returns the short names (at most 15 characters) of all processes that run. */
export async function processNames(system: System): Promise<ReadonlySet<string>> {
  const pids = (await system.list("/proc")).filter((name) => /^\d+$/.test(name));
  const names = new Set<string>();
  for (const [at, pid] of pids.entries()) {
    if (at > 0 && at % together === 0) await othersFirst();
    const name = nameOf(system, pid);
    if (name !== undefined) names.add(name);
  }
  return names;
}

function nameOf(system: System, pid: string): string | undefined {
  try {
    return system.peek(`/proc/${pid}/comm`)?.trim();
  } catch (error) {
    // It ended between listing and reading.
    if ((error as NodeJS.ErrnoException).code === "ESRCH") return undefined;
    throw error;
  }
}
