// @ts-check
import { createHash } from "node:crypto";
import { existsSync, mkdirSync, mkdtempSync, readdirSync, renameSync, rmSync } from "node:fs";
import { join, resolve } from "node:path";
import { CACHE } from "../../packaging/image/build.js";
import { mmdebstrap } from "../../packaging/image/mmdebstrap.js";
import { distribution } from "../../packaging/setup/lib/apt.js";
import { withLock } from "../../packaging/setup/lib/lock.js";

/*
 * Debian 13 in a directory, with its Ceph (18.2), which is the one that nodes have: for machines with an
 * older one. What runs there has its own mounts, processes and loopback interface.
 */

const RELEASE = "trixie";

const INCLUDE = [
  ...["ceph-mon", "ceph-mgr", "ceph-osd", "ceph-mds", "ceph-common", "radosgw", "python3-rados"],
  ...["python3-rbd", "python3-cephfs", "cryptsetup-bin", "nodejs", "iproute2"],
];

const EXCLUDE = [...["doc", "i18n", "locale", "man"].map((name) => `/usr/share/${name}/*`)];

/** As long as a slow mirror may take. */
const LOCK_SECONDS = 900;

/** @returns {string} why it is not tried here; empty where it is */
export function noCephRoot() {
  if (distribution().codename === RELEASE) return "this machine's own Ceph is Debian 13's";
  if (process.getuid?.() !== 0) return "only root can make a Debian 13 in a directory";
  if (existsSync(directoryOf())) return "";
  return "a Debian 13 with Ceph is not there; node test/lib/ceph-root.js makes it, in some minutes";
}

/** @returns {string} changes with everything that changes the directory, the mirror's state aside */
function recipeHash() {
  const recipe = JSON.stringify([RELEASE, INCLUDE, EXCLUDE]);
  return createHash("sha256").update(recipe).digest("hex").slice(0, 16);
}

/** @returns {string} where it is, once it was made */
function directoryOf() {
  return join(CACHE, `ceph-${recipeHash()}`);
}

/** @returns {Promise<string>} the directory, from the cache or made now */
export async function cephRoot() {
  const directory = directoryOf();
  if (existsSync(directory)) return directory;
  mkdirSync(CACHE, { recursive: true });
  return await withLock(`${directory}.lock`, LOCK_SECONDS, async () => {
    if (existsSync(directory)) return directory; // by another, meanwhile
    const work = mkdtempSync(join(CACHE, ".ceph-"));
    try {
      const root = join(work, "root");
      // What a power cut leaves of it is made anew, so that nothing waits for the disk.
      const dpkg = [
        ...EXCLUDE.map((path) => `--dpkgopt=path-exclude=${path}`),
        "--dpkgopt=force-unsafe-io",
      ];
      const options = ["--variant=minbase", `--include=${INCLUDE.join(",")}`];
      await mmdebstrap([...options, '--aptopt=Acquire::Languages "none"', ...dpkg], RELEASE, root);
      renameSync(root, directory);
    } finally {
      rmSync(work, { recursive: true, force: true });
    }
    for (const name of readdirSync(CACHE))
      if (/^ceph-\w{16}$/.test(name) && join(CACHE, name) !== directory)
        rmSync(join(CACHE, name), { recursive: true });
    return directory;
  });
}

/**
 * @param {string} root
 * @param {readonly string[]} shared directories below /tmp, /run or /var/tmp that are there, too
 * @param {readonly string[]} command run there, in the project's directory; it ends with whoever started it
 * @returns {{ command: string, args: string[] }}
 */
export function inRoot(root, shared, command) {
  const apart = ["--mount", "--net", "--ipc", "--pid", "--fork", "--kill-child"];
  const enter = resolve(import.meta.dirname, "enter-root.js");
  const args = [...apart, process.execPath, enter, root, shared.join(":"), ...command];
  return { command: "unshare", args };
}

if (process.argv[1] === import.meta.filename) console.log(await cephRoot());
