/** What runs on this node with which label, and in whose instance. */
import type { System } from "../../node/system.ts";
import { parseContext } from "../context.ts";

export interface LabelledProcess {
  readonly pid: number;
  /** Name of its program, at most 15 characters, which it can choose. */
  readonly command: string;
  readonly label: string;
  /** Of the label. */
  readonly type: string;
  readonly belongsTo: Instance | undefined;
}

export interface Instance {
  /** Incus project. */
  readonly project: string;
  readonly name: string;
  readonly kind: "container" | "vm";
}

export interface Processes {
  readonly list: LabelledProcess[];
  /** Processes of which something could not be read. */
  readonly unknown: { readonly pid: number; readonly reason: string }[];
}

/** So many are read at once: a node has thousands, and each takes three files. */
const atOnce = 32;

/**
 * Kernel threads are left out: they run no program.
 *
 * @returns undefined where the kernel gives no labels, as without SELinux
 */
export async function readProcesses(system: System): Promise<Processes | undefined> {
  const pids = (await system.list("/proc")).filter((name) => /^\d+$/.test(name)).map(Number);
  const found: Processes = { list: [], unknown: [] };
  let labelled = false;
  const read = async (pid: number) => {
    try {
      const process = await readProcess(system, pid);
      if (process === "unlabelled") return;
      labelled = true;
      if (process !== undefined) found.list.push(process);
    } catch (error) {
      const { code } = error as NodeJS.ErrnoException;
      // It ended meanwhile.
      if (code === "ESRCH") return;
      if (code === undefined) throw error;
      labelled = true;
      found.unknown.push({ pid, reason: `its label cannot be read: ${code}` });
    }
  };
  const waiting = pids.values();
  const work = async () => {
    for (const pid of waiting) await read(pid);
  };
  await Promise.all(Array.from({ length: atOnce }, work));
  if (!labelled) return undefined;
  found.list.sort((a, b) => a.pid - b.pid);
  return found;
}

/** @returns undefined for a kernel thread and for what has ended */
async function readProcess(
  system: System,
  pid: number,
): Promise<LabelledProcess | "unlabelled" | undefined> {
  let text: string | undefined;
  try {
    text = await system.read(`/proc/${pid}/attr/current`);
  } catch (error) {
    // Without a security module the kernel has no answer.
    if ((error as NodeJS.ErrnoException).code === "EINVAL") return "unlabelled";
    throw error;
  }
  const label = text?.replace(/[\0\n]+$/, "");
  const type = label === undefined ? undefined : parseContext(label)?.type;
  if (label === undefined) return undefined;
  // AppArmor's labels are of another form.
  if (type === undefined) return "unlabelled";
  const [groups, line, command] = await Promise.all([
    system.read(`/proc/${pid}/cgroup`),
    system.read(`/proc/${pid}/cmdline`),
    system.read(`/proc/${pid}/comm`),
  ]);
  if (groups === undefined || command === undefined || !line) return undefined;
  const belongsTo = containerOf(groups) ?? machineOf(line);
  return { pid, command: command.trim(), label, type, belongsTo };
}

/**
 * By the outermost of LXC's cgroups: what a container makes below its own is its own affair. Incus
 * names them `lxc.payload.<project>_<instance>`, without the project in its default one; neither
 * name can have an underscore.
 */
export function containerOf(groups: string): Instance | undefined {
  const name = /^[^/]*(?:\/(?!lxc\.)[^/\n]+)*\/lxc\.payload\.([^/\n]+)/m.exec(groups)?.[1];
  return name === undefined ? undefined : instanceOf(name, "container");
}

/** By the files that Incus starts QEMU with, in a directory named after the instance. */
export function machineOf(line: string): Instance | undefined {
  const args = line.split("\0");
  if (!/(^|\/)qemu-system-[\w]+$/.test(args[0] ?? "")) return undefined;
  const name = args.flatMap(
    (arg) => /^\/run\/incus\/([^/]+)\/qemu\.(?:conf|pid)$/.exec(arg)?.[1] ?? [],
  )[0];
  return name === undefined ? undefined : instanceOf(name, "vm");
}

function instanceOf(text: string, kind: Instance["kind"]): Instance {
  const at = text.indexOf("_");
  if (at < 0) return { project: "default", name: text, kind };
  return { project: text.slice(0, at), name: text.slice(at + 1), kind };
}
