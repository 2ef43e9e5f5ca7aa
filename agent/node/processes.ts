import type { System } from "./system.ts";

/** @returns the short names (at most 15 characters) of all processes that run. */
export async function processNames(system: System): Promise<ReadonlySet<string>> {
  const pids = (await system.list("/proc")).filter((name) => /^\d+$/.test(name));
  const names = new Set<string>();
  // One after the other: nodes have thousands of processes, and few files open at once is kinder.
  for (const pid of pids) {
    const name = await nameOf(system, pid);
    if (name !== undefined) names.add(name);
  }
  return names;
}

async function nameOf(system: System, pid: string): Promise<string | undefined> {
  try {
    return (await system.read(`/proc/${pid}/comm`))?.trim();
  } catch (error) {
    // It ended between listing and reading.
    if ((error as NodeJS.ErrnoException).code === "ESRCH") return undefined;
    throw error;
  }
}
