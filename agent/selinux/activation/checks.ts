/** What has to be true before SELinux is switched on, each with what to do where it is not. */
import { statfs } from "node:fs/promises";
import { System } from "../../node/system.ts";
import { parseKernelLine } from "../kernel-line.ts";
import { STORE } from "../policy/store.ts";
import { grubConfig, type Place, relabelMark, systemOf } from "./place.ts";

export interface Check {
  readonly id: string;
  readonly title: string;
  /** Nothing is done while one is bad; warnings are for the person to weigh. */
  readonly verdict: "good" | "warning" | "bad";
  readonly fact: string;
  readonly remedy?: string;
}

type Found = Omit<Check, "id" | "title">;

/** Needed at the boot that labels everything; with the package that has it. */
const programs: Readonly<Record<string, string>> = {
  "/usr/sbin/fixfiles": "policycoreutils",
  "/usr/sbin/setfiles": "policycoreutils",
  "/usr/sbin/selinuxenabled": "selinux-utils",
  "/usr/lib/systemd/system-generators/selinux-autorelabel-generator.sh": "policycoreutils",
  "/usr/lib/systemd/selinux-autorelabel": "policycoreutils",
};

/** Of the root file system; what a label needs stands in the inode, or in one block beside it. */
const leastFreeBytes = 256 * 1024 * 1024;

export const good = (fact: string): Found => ({ verdict: "good", fact });
export const warning = (fact: string, remedy: string): Found => ({
  verdict: "warning",
  fact,
  remedy,
});
export const bad = (fact: string, remedy: string): Found => ({ verdict: "bad", fact, remedy });

export async function check(id: string, title: string, find: () => Promise<Found>): Promise<Check> {
  try {
    return { id, title, ...(await find()) };
  } catch (error) {
    const { message } = error as Error;
    return { id, title, verdict: "bad", fact: `This cannot be found out: ${message}.` };
  }
}

export async function tools(place: Place): Promise<Found> {
  const system = systemOf(place);
  const missing = new Set<string>();
  for (const [path, name] of Object.entries(programs))
    if (!(await system.exists(path))) missing.add(name);
  if (missing.size === 0) return good("What labels the files at the next start is there.");
  return bad("What labels the files is missing.", `apt install ${[...missing].join(" ")}`);
}

export async function kernel(place: Place): Promise<Found> {
  const system = systemOf(place);
  const release = (await system.read("/proc/sys/kernel/osrelease"))?.trim() ?? "";
  const config = await system.read(`/boot/config-${release}`);
  if (config === undefined) {
    const fact = `/boot/config-${release} is not there, so it is not known whether the kernel has SELinux.`;
    return warning(fact, "Run a kernel of Debian's.");
  }
  if (/^CONFIG_SECURITY_SELINUX=y$/m.test(config)) return good(`Linux ${release} has SELinux.`);
  return bad(`Linux ${release} was built without SELinux.`, "Install linux-image-amd64.");
}

export async function apparmor(place: Place): Promise<Found> {
  const modules = (await systemOf(place).read("/sys/kernel/security/lsm"))?.trim() ?? "";
  if (!modules.split(",").includes("apparmor")) return good("It does not run.");
  const fact =
    "It runs, and will not any more: the kernel runs one of the two. Its profiles then confine nothing on this node; inside of virtual machines they do.";
  return warning(fact, "Keep AppArmor, and do not enable SELinux, where you need its profiles.");
}

export async function bootLoader(place: Place): Promise<Found> {
  const system = systemOf(place);
  const by = "put security=selinux on the kernel's command line by the means of your boot loader";
  if (!(await new System().exists(place.updateGrub.command)))
    return bad(
      `${place.updateGrub.command} is not there: this node does not start by GRUB.`,
      `Enabling works with GRUB only; elsewhere ${by}, and set SELINUX and SELINUXTYPE yourself.`,
    );
  if ((await system.read(grubConfig)) === undefined)
    return bad(`${grubConfig} is not there.`, "Run update-grub and look what it says.");
  const settings = await system.read("/etc/default/grub");
  if (settings === undefined)
    return bad("/etc/default/grub is not there.", "apt install --reinstall grub-common");
  const words = settings.match(/^\s*GRUB_CMDLINE_LINUX\w*=.*$/gm)?.join(" ") ?? "";
  return kernelWords(words.replaceAll(/["']/g, " "));
}

/** Of the same parameter the kernel takes the last, and where `lsm=` stands, `security=` is ignored. */
function kernelWords(text: string): Found {
  const against = [
    ...text.matchAll(/(?:^|[\s=])((?:lsm|selinux|enforcing|apparmor)=\S+|noautorelabel)/g),
  ].map(([, word = ""]) => word);
  const line = parseKernelLine(`${text} security=selinux`);
  const wrong = against.filter((word) => /^(lsm=|noautorelabel|enforcing=)/.test(word));
  if (wrong.length === 0 && line.chosen === "selinux")
    return good("GRUB's configuration can be added to.");
  const words = wrong.length > 0 ? wrong : against;
  const fact = `GRUB gives the kernel ${words.join(" ")}, which speaks against it.`;
  return bad(fact, "Take it out of GRUB_CMDLINE_LINUX in /etc/default/grub.");
}

export async function space({ root }: Place): Promise<Found> {
  const { bavail, bsize } = await statfs(root);
  const free = bavail * bsize;
  const megabytes = `${Math.floor(free / 1024 / 1024)} MB`;
  if (free >= leastFreeBytes) return good(`${megabytes} are free for labels.`);
  return bad(
    `Only ${megabytes} are free, and each file gets a label.`,
    "Make room on the root file system.",
  );
}

export async function logins(place: Place): Promise<Found> {
  const file = `/etc/selinux/${STORE}/seusers`;
  const text = await systemOf(place).read(file);
  const mapped = [...(text ?? "").matchAll(/^([^#:\s]+):([^:\s]+)/gm)].map(
    ([, login = "", user = ""]) => [login, user] as const,
  );
  const users = new Map(mapped);
  for (const login of ["__default__", "root"]) {
    if (users.has(login)) continue;
    const fact = `${file} does not say who ${login} is, so nobody may be able to log in.`;
    return bad(fact, "Load a policy with dsecos selinux load, which writes the file.");
  }
  const others = mapped.filter(([login]) => login !== "__default__");
  const list = others.map(([login, user]) => `${login} is ${user}`).join(", ");
  return good(`${list}; everybody else is ${users.get("__default__")}.`);
}

/** For the second stage: whether the boot that labels everything is behind. */
export async function labelled(place: Place): Promise<Found> {
  const system = systemOf(place);
  if ((await system.read("/sys/fs/selinux/enforce")) === undefined)
    return bad(
      "SELinux does not run.",
      "Run dsecos selinux enable without --enforcing first, and start the node again: it labels all files.",
    );
  if (await system.exists(relabelMark))
    return bad("The files are not labelled yet.", "Start the node again; it labels all files.");
  const first = (await system.read("/proc/1/attr/current"))?.replace(/[\0\n]+$/, "") ?? "";
  if (/^[^:]+:[^:]+:init_t(:|$)/.test(first)) return good(`The first process is ${first}.`);
  const fact = `The first process is ${first || "not labelled"} and not init_t: the files are not labelled.`;
  return bad(fact, `touch ${relabelMark}, then start the node again.`);
}
