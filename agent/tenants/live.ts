/** What a tenant's running instances use right now. */
import type { IncusClient } from "../incus/client.ts";

/** The parts of Incus's instance state that we show; any may be missing. */
export interface IncusState {
  cpu?: { usage?: number } | null;
  memory?: { usage?: number } | null;
  disk?: Record<string, { usage?: number }> | null;
  network?: Record<string, { addresses?: { address: string; scope: string }[] }> | null;
  processes?: number;
}

export interface Live {
  cpuSeconds: number;
  ramKib: number;
  storageKib: number;
}

/** @param state null when the instance does not run. */
export function liveOf(state: IncusState | null | undefined): Live {
  const disks = Object.values(state?.disk ?? {});
  const bytes = disks.reduce((sum, disk) => sum + Math.max(0, disk.usage ?? 0), 0);
  return {
    // Incus counts nanoseconds and gives -1 where it does not know.
    cpuSeconds: Math.max(0, state?.cpu?.usage ?? 0) / 1e9,
    ramKib: Math.round(Math.max(0, state?.memory?.usage ?? 0) / 1024),
    storageKib: Math.round(bytes / 1024),
  };
}

/** @returns the sum over all instances of a project: seconds of CPU so far and KiB. */
export async function readLive(client: IncusClient, project: string): Promise<Live> {
  const instances = await client.get<{ state: IncusState | null }[]>("/1.0/instances", {
    project,
    query: { recursion: "2" },
    timeoutMs: 20_000,
  });
  const sum: Live = { cpuSeconds: 0, ramKib: 0, storageKib: 0 };
  for (const { state } of instances) {
    const live = liveOf(state);
    sum.cpuSeconds += live.cpuSeconds;
    sum.ramKib += live.ramKib;
    sum.storageKib += live.storageKib;
  }
  return sum;
}
