import type { System } from "../system.ts";
import type { CheckDefinition } from "./types.ts";

export const swap: CheckDefinition = {
  id: "swap",
  title: "Swap",
  why: "What is swapped out stays on the disk, keys and all, unless it is encrypted.",
  command: "cat /proc/swaps; lsblk -o NAME,TYPE,MOUNTPOINTS",
  find: async (system) => {
    const text = await system.read("/proc/swaps");
    if (text === undefined) throw new Error("there is no /proc/swaps");
    const rows = text.trim().split("\n").slice(1);
    if (rows.length === 0) return { verdict: "good", fact: "There is no swap." };
    const areas = await Promise.all(
      rows.map(async (row) => {
        const [path = "", type = ""] = row.split(/\s+/);
        return { path, verdict: await verdictOf(system, path, type) };
      }),
    );
    const named = (verdict: string) => areas.filter((area) => area.verdict === verdict);
    const list = (some: typeof areas) => some.map(({ path }) => path).join(", ");
    const remedy = "Turn it off with swapoff, or put it on an encrypted device (crypttab: swap).";
    const [plain, unclear] = [named("plain"), named("unknown")];
    if (plain.length > 0) {
      return { verdict: "bad", fact: `Swap is not encrypted: ${list(plain)}.`, remedy };
    }
    if (unclear.length > 0) {
      const fact = `Whether ${list(unclear)} is encrypted could not be found out.`;
      return { verdict: "unknown", fact, remedy };
    }
    return { verdict: "good", fact: "All swap is encrypted or in memory." };
  },
};

async function verdictOf(system: System, path: string, type: string) {
  // A file is as safe as the file system below it, which is not followed here.
  if (type !== "partition" || !path.startsWith("/dev/")) return "unknown";
  const linked = await system.link(path);
  const name = (linked ?? path).split("/").at(-1) ?? "";
  if (name.startsWith("zram")) return "safe";
  return (await encrypted(system, name)) ? "safe" : "plain";
}

/** Follows the layers of device-mapper down, for example a volume on an encrypted disk. */
async function encrypted(system: System, name: string, depth = 0): Promise<boolean> {
  const uuid = await system.read(`/sys/class/block/${name}/dm/uuid`);
  if (uuid?.startsWith("CRYPT-")) return true;
  const below = await system.list(`/sys/class/block/${name}/slaves`);
  if (below.length === 0 || depth > 8) return false;
  const layers = await Promise.all(below.map((next) => encrypted(system, next, depth + 1)));
  return layers.every((layer) => layer);
}
