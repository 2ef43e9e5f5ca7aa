/** The policy on disk, which the next start loads: who logs in as what, and what it is made of. */
import { join } from "node:path";
import type { System } from "../../node/system.ts";
import { readModuleList } from "../policy/debian.ts";
import { STORE } from "../policy/store.ts";
import type { Settings } from "./answers.ts";

/** Where the packages put what our own policy is built of. */
const ownSources = "/usr/share/dsecos/selinux";
/** Of libsemanage, which other policies are made with: one directory for each priority. */
const semanageStore = "/var/lib/selinux";

type Modules = NonNullable<Settings["store"]>["modules"];

export interface Store {
  readonly name: string;
  readonly directory: string;
  /** Built by the agent. */
  readonly ours: boolean;
  /** Newest binary policy in it, by its version; undefined for none. */
  readonly policyFile: string | undefined;
}

/** @param name SELINUXTYPE of the configuration @returns undefined where nothing is installed */
export async function readStore(system: System, name: string): Promise<Store | undefined> {
  const directory = join("/etc/selinux", name);
  if (!(await system.exists(directory))) return undefined;
  const versions = (await system.list(join(directory, "policy")))
    .flatMap((file) => /^policy\.(\d{2})$/.exec(file)?.[1] ?? [])
    .sort();
  const newest = versions.at(-1);
  const policyFile =
    newest === undefined ? undefined : join(directory, "policy", `policy.${newest}`);
  return { name, directory, ours: name === STORE, policyFile };
}

/** What it is built of. @throws where our own list cannot be read */
export async function readModules(system: System, { name, ours }: Store): Promise<Modules> {
  return ours ? await ownModules(system) : await foreignModules(system, name);
}

async function ownModules(system: System): Promise<Modules> {
  const { groups } = await readModuleList(join(system.root, ownSources, "modules.json"));
  const base = await system.list(join(ownSources, "base"));
  const own = [...base, "template.cil"].filter((file) => file.endsWith(".cil")).sort();
  const reason = "our own domains, the types of each tenant, and what must never be allowed";
  return [...groups, { name: "ours", reason, modules: own.map((file) => file.slice(0, -4)) }];
}

async function foreignModules(system: System, name: string): Promise<Modules> {
  const directory = join(semanageStore, name, "active/modules");
  const priorities = (await system.list(directory)).filter((entry) => /^\d+$/.test(entry)).sort();
  const groups: Modules = [];
  for (const priority of priorities) {
    const modules = (await system.list(join(directory, priority))).sort();
    groups.push({ name: `priority ${priority}`, reason: "", modules });
  }
  return groups;
}

/** @returns the lines of seusers(5): `login:user:range` */
export async function readLogins(system: System, directory: string): Promise<Settings["logins"]> {
  const text = (await system.read(join(directory, "seusers"))) ?? "";
  return text.split("\n").flatMap((line) => {
    const [, login, user, range] = /^([^#:\s][^:]*):([^:]+)(?::(.*))?$/.exec(line.trim()) ?? [];
    if (login === undefined || user === undefined) return [];
    return [{ login, user, range: range ?? "" }];
  });
}
