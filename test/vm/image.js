// @ts-check
import { createHash } from "node:crypto";
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
import { recipeHash } from "./recipe.js";

/** As long as a slow mirror may take. */
const LOCK_SECONDS = 900;

/**
 * A directory of the cache with what QEMU needs to boot the machine: `disk.raw` (only to be read),
 * `vmlinuz`, `initrd`, `key` (for ssh, as root) and `known_hosts`.
 *
 * @typedef {{ directory: string, built: boolean }} Image
 */

/** @typedef {import("./recipe.js").Recipe} Recipe */

/**
 * Builds the disk of a machine, or finds it in the cache. Needs root, but mounts nothing.
 *
 * @param {Recipe} recipe
 * @returns {Promise<Image>}
 */
export async function vmImage(recipe) {
  const { name, finish } = recipe;
  if (finish === undefined)
    return await cached(name, recipeHash(recipe), async (work) => {
      await makeTree(work, recipe);
      await makeDisk(work, recipe);
    });
  const tree = await cached(`${name}-tree`, recipeHash(recipe), (work) => makeTree(work, recipe));
  const made = createHash("sha256").update(`${tree.directory}\n${finish.hash}`).digest("hex");
  return await cached(name, made.slice(0, 16), async (work) => {
    for (const part of readdirSync(tree.directory))
      await run("cp", ["--archive", join(tree.directory, part), work], { seconds: 300 });
    await finish.act(join(work, "root"));
    await makeDisk(work, recipe);
  });
}

/**
 * @param {string} name
 * @param {string} hash
 * @param {(work: string) => Promise<void>} make
 * @returns {Promise<Image>} what was made by that name and hash; others of the name are removed
 */
async function cached(name, hash, make) {
  const directory = join(CACHE, `${name}-${hash}`);
  if (existsSync(directory)) return { directory, built: false };
  mkdirSync(CACHE, { recursive: true });
  return await withLock(`${directory}.lock`, LOCK_SECONDS, async () => {
    if (existsSync(directory)) return { directory, built: false }; // by another, meanwhile
    const work = mkdtempSync(join(CACHE, `.${name}-`));
    try {
      await make(work);
      renameSync(work, directory);
    } finally {
      rmSync(work, { recursive: true, force: true });
    }
    for (const other of readdirSync(CACHE))
      if (new RegExp(`^${name}-\\w{16}$`).test(other) && join(CACHE, other) !== directory)
        rmSync(join(CACHE, other), { recursive: true });
    return { directory, built: true };
  });
}

/**
 * @param {string} work
 * @param {Recipe} recipe
 */
async function makeTree(work, recipe) {
  const root = join(work, "root");
  const dpkg = recipe.exclude.map((path) => `--dpkgopt=path-exclude=${path}`);
  const options = ["--variant=minbase", `--include=${recipe.include.join(",")}`];
  const all = [...options, '--aptopt=Acquire::Languages "none"', ...dpkg];
  await mmdebstrap(all, recipe.release, root);
  settle(root, recipe);
  await identify(work, root);
  await run("chroot", [root, "update-initramfs", "-u", "-k", "all"], { seconds: 120 });
  for (const name of readdirSync(join(root, "boot"))) {
    if (name.startsWith("vmlinuz-")) cpSync(join(root, "boot", name), join(work, "vmlinuz"));
    if (name.startsWith("initrd.img-")) cpSync(join(root, "boot", name), join(work, "initrd"));
  }
}

/**
 * @param {string} work
 * @param {Recipe} recipe
 */
async function makeDisk(work, { diskMiB }) {
  const root = join(work, "root");
  const extended = ["-E", "lazy_itable_init=0,lazy_journal_init=0"];
  const disk = ["-d", root, join(work, "disk.raw"), `${diskMiB}M`];
  await run("mke2fs", ["-q", "-t", "ext4", ...extended, ...disk], { seconds: 300 });
  rmSync(root, { recursive: true });
}

/**
 * @param {string} root
 * @param {Recipe} recipe
 */
function settle(root, recipe) {
  for (const name of ["etc/dpkg/dpkg.cfg.d/99mmdebstrap", "etc/resolv.conf"])
    rmSync(join(root, name), { force: true });
  for (const path of recipe.empty)
    for (const name of readdirSync(join(root, path)))
      rmSync(join(root, path, name), { recursive: true, force: true });
  for (const unit of recipe.mask) {
    const link = join(root, "etc/systemd/system", unit);
    rmSync(link, { force: true });
    symlinkSync("/dev/null", link);
  }
  const wanted = join(root, "etc/systemd/system/multi-user.target.wants");
  mkdirSync(wanted, { recursive: true });
  for (const unit of recipe.enable)
    symlinkSync(`/usr/lib/systemd/system/${unit}`, join(wanted, unit));
  for (const [path, text] of Object.entries(recipe.files)) {
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
