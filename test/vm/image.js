// @ts-check
import {
  cpSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { dirname, join } from "node:path";
import { CACHE } from "../../packaging/image/build.js";
import { mmdebstrap } from "../../packaging/image/mmdebstrap.js";
import { withLock } from "../../packaging/setup/lib/lock.js";
import { run } from "../../packaging/setup/lib/run.js";
import {
  DISK_MIB,
  EMPTY,
  ENABLE,
  EXCLUDE,
  FILES,
  INCLUDE,
  MASK,
  RELEASE,
  recipeHash,
} from "./recipe.js";

/** As long as a slow mirror may take. */
const LOCK_SECONDS = 900;

/**
 * A directory of the cache with what QEMU needs to boot the machine: `disk.raw` (only to be read),
 * `vmlinuz`, `initrd`, `key` (for ssh, as root) and `known_hosts`.
 *
 * @typedef {{ directory: string, built: boolean }} Image
 */

/**
 * Builds the disk of the machine, or finds it in the cache. Needs root, but mounts nothing.
 *
 * @returns {Promise<Image>}
 */
export async function vmImage() {
  const directory = join(CACHE, `vm-${recipeHash()}`);
  if (existsSync(directory)) return { directory, built: false };
  return await withLock(`${directory}.lock`, LOCK_SECONDS, async () => {
    if (existsSync(directory)) return { directory, built: false }; // by another, meanwhile
    const work = mkdtempSync(join(CACHE, ".vm-"));
    try {
      await build(work);
      rmSync(join(work, "root"), { recursive: true });
      renameSync(work, directory);
    } finally {
      rmSync(work, { recursive: true, force: true });
    }
    for (const name of readdirSync(CACHE))
      if (/^vm-\w{16}$/.test(name) && join(CACHE, name) !== directory)
        rmSync(join(CACHE, name), { recursive: true });
    return { directory, built: true };
  });
}

/** @param {string} work */
async function build(work) {
  const root = join(work, "root");
  const dpkg = EXCLUDE.map((path) => `--dpkgopt=path-exclude=${path}`);
  const options = ["--variant=minbase", `--include=${INCLUDE.join(",")}`];
  await mmdebstrap([...options, '--aptopt=Acquire::Languages "none"', ...dpkg], RELEASE, root);
  settle(root);
  await identify(work, root);
  await run("chroot", [root, "update-initramfs", "-u", "-k", "all"], { seconds: 120 });
  for (const name of readdirSync(join(root, "boot"))) {
    if (name.startsWith("vmlinuz-")) cpSync(join(root, "boot", name), join(work, "vmlinuz"));
    if (name.startsWith("initrd.img-")) cpSync(join(root, "boot", name), join(work, "initrd"));
  }
  const extended = ["-E", "lazy_itable_init=0,lazy_journal_init=0"];
  const disk = ["-d", root, join(work, "disk.raw"), `${DISK_MIB}M`];
  await run("mke2fs", ["-q", "-t", "ext4", ...extended, ...disk], { seconds: 300 });
}

/** @param {string} root */
function settle(root) {
  for (const name of ["etc/dpkg/dpkg.cfg.d/99mmdebstrap", "etc/resolv.conf"])
    rmSync(join(root, name), { force: true });
  for (const path of EMPTY)
    for (const name of readdirSync(join(root, path)))
      rmSync(join(root, path, name), { recursive: true, force: true });
  for (const unit of MASK) {
    const link = join(root, "etc/systemd/system", unit);
    rmSync(link, { force: true });
    symlinkSync("/dev/null", link);
  }
  const wanted = join(root, "etc/systemd/system/multi-user.target.wants");
  mkdirSync(wanted, { recursive: true });
  for (const unit of ENABLE) symlinkSync(`/usr/lib/systemd/system/${unit}`, join(wanted, unit));
  for (const [path, text] of Object.entries(FILES)) {
    mkdirSync(dirname(join(root, path)), { recursive: true });
    writeFileSync(join(root, path), text);
  }
}

/**
 * Makes the key that opens the machine, and notes the one by which it is known. Both live and die
 * with the image: nobody but this machine's root can reach the machine at all.
 *
 * @param {string} work
 * @param {string} root
 */
async function identify(work, root) {
  const key = join(work, "key");
  await run("ssh-keygen", ["-q", "-t", "ed25519", "-N", "", "-C", "vm tier", "-f", key]);
  mkdirSync(join(root, "root/.ssh"), { recursive: true, mode: 0o700 });
  cpSync(`${key}.pub`, join(root, "root/.ssh/authorized_keys"));
  const host = readFileSync(join(root, "etc/ssh/ssh_host_ed25519_key.pub"), "utf8");
  const [type, value] = host.split(" ");
  writeFileSync(join(work, "known_hosts"), `vm1 ${type} ${value}\n`);
}
