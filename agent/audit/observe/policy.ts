/** Files that decide what is allowed on this node, by their hashes, and the kernel's own policy. */
import { createHash } from "node:crypto";
import { lstat, readdir, readFile } from "node:fs/promises";
import { join } from "node:path";
import type { State, Subject } from "./observer.ts";

const files = ["/etc/sudoers", "/etc/selinux/config", "/etc/dsecos/agent.json"];
const directories = [
  "/etc/polkit-1/rules.d",
  "/usr/share/polkit-1/rules.d",
  "/etc/dbus-1/system.d",
  "/etc/sudoers.d",
  "/etc/pam.d",
  "/etc/audit/rules.d",
];
const single = [
  "/usr/share/polkit-1/actions/org.dsecos.policy",
  "/usr/share/dbus-1/system.d/org.dsecos.Agent.conf",
];
/** A file of this kind is small; a larger one is told by its size alone. */
const mostBytes = 8 * 1024 * 1024;
const mostFiles = 500;

export function policy(root = "/"): Subject {
  return { kind: "policy", everyMs: 60_000, read: () => readPolicy(root) };
}

async function readPolicy(root: string): Promise<ReadonlyMap<string, State>> {
  const listed = await Promise.all(directories.map((directory) => below(root, directory)));
  const paths = [...files, ...single, ...listed.flat()].sort().slice(0, mostFiles);
  const states = new Map<string, State>();
  for (const path of paths) {
    const state = await fileState(join(root, path));
    if (state !== undefined) states.set(path, state);
  }
  const selinux = await kernelPolicy(join(root, "sys/fs/selinux"));
  if (selinux !== undefined) states.set("selinux", selinux);
  return states;
}

async function below(root: string, directory: string): Promise<string[]> {
  try {
    return (await readdir(join(root, directory))).map((name) => join(directory, name));
  } catch (error) {
    if (isAbsent(error)) return [];
    throw error;
  }
}

async function fileState(path: string): Promise<State | undefined> {
  try {
    const { size, mode, uid, gid } = await lstat(path);
    if ((mode & 0o170000) !== 0o100000) return undefined;
    const owner = { uid, gid, mode: (mode & 0o7777).toString(8), size };
    if (size > mostBytes) return owner;
    return { ...owner, sha256: sha256(await readFile(path)) };
  } catch (error) {
    // Removed since the directory was listed.
    if (isAbsent(error)) return undefined;
    throw error;
  }
}

async function kernelPolicy(directory: string): Promise<State | undefined> {
  try {
    const enforcing = (await readFile(join(directory, "enforce"), "latin1")).trim() === "1";
    const loaded = await readFile(join(directory, "policy"));
    return { enforcing, sha256: sha256(loaded) };
  } catch (error) {
    if (isAbsent(error)) return undefined;
    throw error;
  }
}

function sha256(bytes: Buffer): string {
  return createHash("sha256").update(bytes).digest("hex");
}

function isAbsent(error: unknown): boolean {
  return ["ENOENT", "ENOTDIR"].includes(String((error as NodeJS.ErrnoException).code));
}
