/**
 * The policy store `/etc/selinux/enterprise`: where init, ssh, cron, the bus and whoever else uses
 * libselinux looks for the policy and for what goes with it. The layout is that of selinux_config(5)
 * and selabel_file(5); no file of it is libsemanage's, which the product does without.
 */
import { mkdir, open, readdir, readFile, rename, rm } from "node:fs/promises";
import { basename, dirname, join } from "node:path";
import { parsePolicy } from "../policydb/policy.ts";
import { type Known, knownTo, trimContexts } from "./applications.ts";
import { POLICY_VERSION } from "./compile.ts";

/** SELINUXTYPE in /etc/selinux/config. */
export const STORE = "enterprise";

/** Where the package selinux-policy-default has the contexts of applications. */
export const debianContexts = "/etc/selinux/default/contexts";

/** Logins that nobody mapped are those of Debian's policy: confined by their rights alone. */
const logins = ["root", "__default__"].map((name) => `${name}:unconfined_u:s0-s0:c0.c1023\n`);

const ending = ".new";

export interface StoreOptions {
  /** The root directory of the system that the store is for. */
  readonly root?: string;
  /** Debian's contexts of applications, outside of that root. */
  readonly contexts?: string;
}

/** @returns the directory of the store */
export const storeIn = (root: string) => join(root, "etc/selinux", STORE);

/**
 * Writes the whole store. All of it is on the disk beside what is there before any of it takes its
 * place, the policy last, so that a full disk or a cut leaves the store that was there, and a machine
 * that starts always finds a whole policy. What a person set on the node (`seusers`, labels in
 * `file_contexts.local`) stays, but for logins whose SELinux user the policy does not have.
 *
 * @param built directory with `policy.33` and `file_contexts`, as buildPolicy makes it
 * @returns the directory of the store
 * @throws PolicyError where the policy is none
 */
export async function writeStore(built: string, options: StoreOptions = {}): Promise<string> {
  const { root = "/", contexts = join(root, debianContexts) } = options;
  const store = storeIn(root);
  const policyFile = `policy.${POLICY_VERSION}`;
  const policy = await readFile(join(built, policyFile));
  const known = knownTo(parsePolicy(policy));
  const files = new Map<string, string | Buffer>(await applicationFiles(contexts, known));
  const labels = "contexts/files/file_contexts";
  files.set(labels, await readFile(join(built, "file_contexts")));
  for (const more of ["homedirs", "local"])
    files.set(`${labels}.${more}`, (await readIfThere(join(store, `${labels}.${more}`))) ?? "");
  files.set("seusers", seusers(await readIfThere(join(store, "seusers")), known));
  files.set(`policy/${policyFile}`, policy);
  await replaceAll(store, files);
  // sefcontext_compile's form of the labels before; libselinux takes it where it is the newer one.
  await rm(join(store, `${labels}.bin`), { force: true });
  return store;
}

/** @returns by their paths in the store, what of Debian's files our policy has the types for */
async function applicationFiles(from: string, known: Known): Promise<[string, string][]> {
  const entries = await readdir(from, { recursive: true, withFileTypes: true });
  const found: [string, string][] = [];
  for (const entry of entries) {
    if (!entry.isFile()) continue;
    const file = join(entry.parentPath, entry.name);
    const place = file.slice(from.length + 1);
    if (dirname(place) === "users" && !known.user(basename(place))) continue;
    // The labels themselves come from our own compiler.
    if (/^files\/file_contexts(?!\.subs_dist$)/.test(place)) continue;
    const text = trimContexts(await readFile(file, "utf8"), known);
    if (text !== undefined) found.push([join("contexts", place), text]);
  }
  return found.sort(([a], [b]) => (a < b ? -1 : 1));
}

/** @param present what is in the store, if there is one */
function seusers(present: string | undefined, known: Known): string {
  const lines = (present ?? logins.join("")).split("\n").filter((line) => {
    const user = /^[^#:]+:([^:]+)/.exec(line)?.[1];
    return line !== "" && (user === undefined || known.user(user));
  });
  for (const login of logins)
    if (!lines.some((line) => line.startsWith(login.slice(0, login.indexOf(":") + 1))))
      lines.push(login.trim());
  return `${lines.join("\n")}\n`;
}

async function replaceAll(store: string, files: ReadonlyMap<string, string | Buffer>) {
  const places: string[] = [];
  try {
    for (const [name, content] of files) {
      const place = join(store, name);
      await writeBeside(place, content);
      places.push(place);
    }
  } catch (error) {
    await Promise.all(places.map((place) => rm(place + ending)));
    throw error;
  }
  for (const place of places) await rename(place + ending, place);
  for (const directory of new Set(places.map((place) => dirname(place)))) await sync(directory);
}

async function writeBeside(place: string, content: string | Buffer): Promise<void> {
  await mkdir(dirname(place), { recursive: true, mode: 0o755 });
  // Everybody who changes his own context reads these.
  const file = await open(place + ending, "w", 0o644);
  try {
    await file.chmod(0o644);
    await file.writeFile(content);
    await file.sync();
  } catch (error) {
    await rm(place + ending);
    throw error;
  } finally {
    await file.close();
  }
}

async function sync(directory: string): Promise<void> {
  const handle = await open(directory, "r");
  try {
    await handle.sync();
  } finally {
    await handle.close();
  }
}

async function readIfThere(file: string): Promise<string | undefined> {
  try {
    return await readFile(file, "utf8");
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "ENOENT") return undefined;
    throw error;
  }
}
