// @ts-check
import { existsSync } from "node:fs";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { nodeHeaders } from "./lib/addon.js";
import { distribution, install, missingPackages } from "./lib/apt.js";
import { isBuilt, markBuilt } from "./lib/build-state.js";
import { withLock } from "./lib/lock.js";
import { installNodeModules, nodeModulesMatch } from "./lib/node-modules.js";
import { run } from "./lib/run.js";

const PROJECT = resolve(import.meta.dirname, "../..");
const LOCK_SECONDS = 900;

/**
 * @param {string} work
 * @returns {string} outside of the project, which has no place for it
 */
function lockFile(work) {
  return join(tmpdir(), `dsecos-${process.getuid?.()}-${work}.lock`);
}

/** What the running system needs. */
export const RUN_PACKAGES = [
  ...["dbus", "polkitd", "incus-base", "incus-client", "btrfs-progs", "nftables"],
  ...["dnsmasq-base", "cockpit-ws", "cockpit-bridge", "cockpit-system", "softhsm2"],
  ...["swtpm", "swtpm-tools", "mmdebstrap", "debian-archive-keyring"],
  // For the addon that loads PKCS#11 modules. Debian's Node alone comes without its headers.
  ...["g++", ...(nodeHeaders() === undefined ? ["libnode-dev"] : [])],
];

/** What a Ceph cluster for development needs, and the agent to speak with it. */
export const CEPH_PACKAGES = [
  ...["ceph-mon", "ceph-mgr", "ceph-osd", "ceph-mds", "ceph-common", "python3-rados"],
  ...["python3-rbd", "cryptsetup-bin", "radosgw"],
];

/** What the tests need beyond that. */
export const TEST_PACKAGES = [
  ...CEPH_PACKAGES,
  ...["chromium", "tpm2-tools", "strace", "lintian", "debhelper", "gettext", "fakeroot"],
  ...[
    "qemu-system-x86",
    "qemu-utils",
    "e2fsprogs",
    "openssh-client",
    "openssh-server",
    "python3",
    "openssl",
  ],
  ...["python3-cephfs", "secilc", "setools", "bzip2"],
  ...["apparmor", "checkpolicy", "bsdutils", "jq"],
];

/**
 * Installs Debian packages that are missing. Takes a few milliseconds when all are there.
 *
 * @param {readonly string[]} names
 * @returns {Promise<string[]>} those that were installed
 */
export async function ensurePackages(names) {
  const { id, codename } = distribution();
  if (id !== "debian" || !["bookworm", "trixie"].includes(codename))
    throw new Error(`this set-up knows Debian 12 and 13 only, and this is ${id} ${codename}`);
  const missing = await missingPackages([...names]);
  if (missing.length === 0) return [];
  if (process.getuid?.() !== 0)
    throw new Error(
      `packages are missing (${missing.join(", ")}): run this as root to install them`,
    );
  await withLock("/run/dsecos-apt.lock", LOCK_SECONDS, () => install(missing));
  return missing;
}

/**
 * Makes node_modules match package-lock.json.
 *
 * @returns {Promise<boolean>} whether it had to be installed
 */
export async function ensureNodeModules() {
  const [major = 0, minor = 0] = process.versions.node.split(".").map(Number);
  if (major < 20 || (major === 20 && minor < 19))
    throw new Error(`Node 20.19 or newer is needed, and this is ${process.version}`);
  if (nodeModulesMatch(PROJECT)) return false;
  return await withLock(lockFile("npm"), LOCK_SECONDS, async () => {
    if (nodeModulesMatch(PROJECT)) return false; // another did it while this one waited
    await installNodeModules(PROJECT);
    return true;
  });
}

/**
 * Builds when a source is newer than the build.
 *
 * @returns {Promise<boolean>} whether it had to be built
 */
export async function ensureBuilt() {
  if (!existsSync(join(PROJECT, "build.js"))) throw new Error("build.js is missing");
  if (isBuilt(PROJECT)) return false;
  return await withLock(lockFile("build"), LOCK_SECONDS, async () => {
    if (isBuilt(PROJECT)) return false;
    const began = new Date();
    await run(process.execPath, ["build.js"], { cwd: PROJECT, seconds: 300 });
    markBuilt(PROJECT, began);
    return true;
  });
}
