/** What this node is. */
import { arch, hostname, release } from "node:os";
import type { NodeStatus } from "./contract.ts";
import type { System } from "./system.ts";

/** Nothing of it changes while the machine runs, so it is read once. */
export async function readIdentity(system: System): Promise<NodeStatus["identity"]> {
  const [machineId, osRelease, statText, virtualization] = await Promise.all([
    system.read("/etc/machine-id"),
    system.read("/etc/os-release"),
    system.read("/proc/stat"),
    readVirtualization(system),
  ]);
  const bootSeconds = Number(/^btime (\d+)$/m.exec(statText ?? "")?.[1] ?? 0);
  return {
    name: hostname(),
    machineId: machineId?.trim() ?? "",
    os: osName(osRelease ?? ""),
    kernel: (await system.read("/proc/sys/kernel/osrelease"))?.trim() ?? release(),
    architecture: arch(),
    virtualization,
    bootedAt: new Date(bootSeconds * 1000).toISOString(),
  };
}

function osName(text: string): string {
  return /^PRETTY_NAME="?(.*?)"?$/m.exec(text)?.[1] ?? "unknown";
}

/** @returns systemd's word for the hypervisor, else for the container, `none` on bare metal. */
export async function readVirtualization(system: System): Promise<string> {
  for (const kind of ["--vm", "--container"]) {
    const word = (await system.run("systemd-detect-virt", [kind]))?.out.trim();
    if (word && word !== "none") return word;
  }
  const container = (await system.read("/run/systemd/container"))?.trim();
  if (container) return container;
  const cpu = (await system.read("/proc/cpuinfo")) ?? "";
  return /^flags\s*:.*\bhypervisor\b/m.test(cpu) ? "virtual machine" : "none";
}
