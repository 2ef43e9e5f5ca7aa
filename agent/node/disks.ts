/** File systems on disks of this node, each once, however often it is mounted. */
import { statfs } from "node:fs/promises";
import { join } from "node:path";
import type { NodeStatus } from "./contract.ts";
import { bounded, type System } from "./system.ts";

type Disk = NodeStatus["disks"][number];

export interface Mount {
  readonly mount: string;
  readonly device: string;
  readonly type: string;
}

/** On local disks but without a device of their own name. */
const deviceless = new Set(["zfs", "btrfs", "bcachefs"]);
const images = new Set(["squashfs", "iso9660", "erofs"]);

/**
 * Network file systems are left out: asking one whose server is gone never returns.
 * @param text of /proc/self/mountinfo
 */
export function diskMounts(text: string): Mount[] {
  const byDevice = new Map<string, Mount>();
  for (const line of text.split("\n")) {
    const [before = "", after = ""] = line.split(" - ");
    const fields = before.split(" ");
    const mount = plainPath(fields[4] ?? "");
    const [type = "", device = ""] = after.split(" ").map(plainPath);
    const onDisk = device.startsWith("/dev/") || deviceless.has(type);
    if (mount === "" || !onDisk || images.has(type)) continue;
    const known = byDevice.get(device);
    // The shortest path is the mount itself, longer ones are bound from it.
    if (known === undefined || mount.length < known.mount.length) {
      byDevice.set(device, { mount, device, type });
    }
  }
  return [...byDevice.values()].sort((a, b) => (a.mount < b.mount ? -1 : 1));
}

/** The kernel writes a space in a path as \040. */
function plainPath(text: string): string {
  return text.replace(/\\([0-7]{3})/g, (_all, octal) => String.fromCharCode(parseInt(octal, 8)));
}

export async function readDisks(system: System): Promise<Disk[]> {
  const mounts = diskMounts((await system.read("/proc/self/mountinfo")) ?? "");
  const disks = await Promise.all(mounts.map((mount) => measure(system, mount)));
  return disks.filter((disk) => disk !== undefined);
}

async function measure(system: System, mount: Mount): Promise<Disk | undefined> {
  try {
    const found = await bounded(statfs(join(system.root, mount.mount)), mount.mount);
    const kib = (blocks: number) => Math.round((blocks * found.bsize) / 1024);
    return { ...mount, sizeKib: kib(found.blocks), usedKib: kib(found.blocks - found.bfree) };
  } catch (error) {
    // Unmounted meanwhile, or inside a directory of somebody else.
    const { code } = error as NodeJS.ErrnoException;
    if (code === "ENOENT" || code === "EACCES" || code === "EPERM") return undefined;
    throw error;
  }
}
