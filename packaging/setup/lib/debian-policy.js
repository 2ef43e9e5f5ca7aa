// @ts-check
import { existsSync, mkdirSync, mkdtempSync, readdirSync, renameSync, rmSync } from "node:fs";
import { join } from "node:path";
import { CACHE } from "../../image/build.js";
import { distribution } from "./apt.js";
import { withLock } from "./lock.js";
import { run } from "./run.js";

/** Debian's policy in modules, and the program that turns a module into CIL. */
const PACKAGES = ["selinux-policy-default", "policycoreutils"];
const MODULES = "usr/share/selinux/default";
const CONVERTER = "usr/libexec/selinux/hll/pp";
const LOCK_SECONDS = 900;

/**
 * Fetches the SELinux policy of this machine's Debian and converts its modules to CIL, once per
 * version. The packages are unpacked into the cache and never installed: their set-up would change
 * the machine. Needs root and the package sources the first time.
 *
 * @returns {Promise<string>} a directory with one `.cil` file for each module
 */
export async function debianPolicy() {
  const format = "--no-all-versions";
  const { stdout } = await run("apt-cache", ["show", format, "selinux-policy-default"]);
  const version = /^Version: (?:\d+:)?(\S+)$/m.exec(stdout)?.[1];
  if (version === undefined)
    throw new Error("no package source has selinux-policy-default: run apt-get update");
  const directory = join(CACHE, `selinux-${distribution().codename}-${version}`);
  if (existsSync(directory)) return directory;
  mkdirSync(CACHE, { recursive: true });
  return await withLock(`${directory}.lock`, LOCK_SECONDS, async () => {
    if (!existsSync(directory)) await build(directory); // else by another, meanwhile
    return directory;
  });
}

/** @param {string} directory */
async function build(directory) {
  const work = mkdtempSync(join(CACHE, ".selinux-"));
  try {
    await run("apt-get", ["download", "-q", ...PACKAGES], { cwd: work, seconds: 600 });
    const root = join(work, "root");
    for (const file of readdirSync(work).filter((name) => name.endsWith(".deb")))
      await run("dpkg-deb", ["--extract", join(work, file), root], { seconds: 120 });
    const fresh = join(work, "cil");
    mkdirSync(fresh);
    const modules = join(root, MODULES);
    const packed = readdirSync(modules).filter((name) => name.endsWith(".pp.bz2"));
    await run("bzip2", ["-d", ...packed], { cwd: modules, seconds: 300 });
    for (const name of packed.map((file) => file.slice(0, -".pp.bz2".length)))
      await run(join(root, CONVERTER), [join(modules, `${name}.pp`), join(fresh, `${name}.cil`)], {
        seconds: 120,
      });
    renameSync(fresh, directory);
  } finally {
    rmSync(work, { recursive: true, force: true });
  }
}
