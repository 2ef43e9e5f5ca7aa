/** Sockets that wait for somebody, from the kernel's own tables, and who has them. */
import type { System } from "../system.ts";

export interface Socket {
  readonly protocol: "tcp" | "udp";
  /** As people write it; `0.0.0.0` and `::` are all addresses. */
  readonly address: string;
  readonly port: number;
  readonly inode: string;
}

const tables = ["tcp", "tcp6", "udp", "udp6"] as const;
const listening = "0A";
/** UDP has no listening; a socket without a peer takes from everybody. */
const unconnected = "07";

/** @throws where the kernel has no such tables */
export async function waitingSockets(system: System): Promise<Socket[]> {
  const found = await Promise.all(
    tables.map(async (table) => {
      const text = await system.read(`/proc/net/${table}`);
      // A kernel without IPv6 has no such table; one without IPv4 does not exist.
      if (text === undefined && !table.endsWith("6")) throw new Error(`no /proc/net/${table}`);
      return socketsIn(text ?? "", table.startsWith("tcp") ? "tcp" : "udp");
    }),
  );
  return found.flat();
}

/** @param text of /proc/net/tcp and its like; see proc_net_tcp.rst of the kernel */
export function socketsIn(text: string, protocol: "tcp" | "udp"): Socket[] {
  const wanted = protocol === "tcp" ? listening : unconnected;
  return text.split("\n").flatMap((line) => {
    const fields = line.trim().split(/\s+/);
    const [, local = "", , state] = fields;
    const inode = fields[9];
    const [hex = "", port] = local.split(":");
    if (state !== wanted || port === undefined || inode === undefined) return [];
    return [{ protocol, address: addressOf(hex), port: Number.parseInt(port, 16), inode }];
  });
}

/** Addresses are words of 32 bits in the order of the machine: 127.0.0.1 is 0100007F. */
function addressOf(hex: string): string {
  const words = hex.match(/.{8}/g) ?? [];
  const bytes = words.flatMap((word) => (word.match(/../g) ?? []).reverse());
  const numbers = bytes.map((byte) => Number.parseInt(byte, 16));
  if (numbers.length === 4) return numbers.join(".");
  const groups = Array.from({ length: 8 }, (_, index) => bytes.slice(2 * index, 2 * index + 2));
  const isMapped = /^0{20}f{4}/i.test(bytes.join(""));
  if (isMapped) return `::ffff:${numbers.slice(12).join(".")}`;
  // As the WHATWG writes them: the longest row of zeros short.
  const whole = groups.map((group) => group.join("")).join(":");
  return new URL(`http://[${whole}]/`).hostname.slice(1, -1);
}

/**
 * The owner by inode: the name of the process where the kernel lets us see whose file it is, and else
 * its cgroup, the unit, which `ss` tells of any socket.
 */
export async function ownersOf(system: System, wanted: ReadonlySet<string>) {
  const owners = new Map<string, string>();
  for (const pid of await system.list("/proc")) {
    // Nodes have thousands of processes, of which few listen.
    if (owners.size === wanted.size) break;
    if (!/^\d+$/.test(pid)) continue;
    for (const inode of await socketsOf(system, pid, wanted)) {
      owners.set(inode, (await nameOf(system, pid)) ?? "");
    }
  }
  if ([...wanted].some((inode) => !owners.get(inode))) {
    const ran = await system.run("ss", ["-H", "-l", "-n", "-t", "-u", "-e", "--cgroup"]);
    for (const [inode, unit] of unitsIn(ran?.code === 0 ? ran.out : "")) {
      if (!owners.get(inode)) owners.set(inode, unit);
    }
  }
  return owners;
}

async function socketsOf(system: System, pid: string, wanted: ReadonlySet<string>) {
  try {
    const links = await Promise.all(
      (await system.list(`/proc/${pid}/fd`)).map((fd) => system.link(`/proc/${pid}/fd/${fd}`)),
    );
    return links
      .map((link) => /^socket:\[(\d+)\]$/.exec(link ?? "")?.[1] ?? "")
      .filter((inode) => wanted.has(inode));
  } catch (error) {
    const { code = "" } = error as NodeJS.ErrnoException;
    // It ended, or is none that the agent may look into.
    if (["ESRCH", "EACCES", "EPERM"].includes(code)) return [];
    throw error;
  }
}

async function nameOf(system: System, pid: string): Promise<string | undefined> {
  try {
    return (await system.read(`/proc/${pid}/comm`))?.trim();
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "ESRCH") return undefined;
    throw error;
  }
}

/** @param out of `ss -e --cgroup`: `… ino:53690 sk:1 cgroup:/system.slice/ssh.service <-> …` */
export function unitsIn(out: string): [inode: string, unit: string][] {
  return out.split("\n").flatMap((line): [string, string][] => {
    const inode = /\bino:(\d+)/.exec(line)?.[1];
    const unit = /\bcgroup:(\/\S*)/.exec(line)?.[1]?.split("/").at(-1);
    return inode && unit ? [[inode, unit]] : [];
  });
}
