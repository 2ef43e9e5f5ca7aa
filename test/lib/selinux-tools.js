// @ts-check
import { createHash } from "node:crypto";
import { existsSync, mkdirSync, mkdtempSync, readdirSync, renameSync, rmSync } from "node:fs";
import { join } from "node:path";
import { CACHE } from "../../packaging/image/build.js";
import { mmdebstrap } from "../../packaging/image/mmdebstrap.js";
import { withLock } from "../../packaging/setup/lib/lock.js";

/*
 * Debian 13's SELinux policy and tools in a directory, on any Debian: packages are unpacked and
 * nothing of them is installed, for the policy's scripts would relabel this machine. Programs run
 * through the directory's own loader, with its own libraries.
 */

const RELEASE = "trixie";

const INCLUDE = [
  ...["base-files", "bzip2", "secilc", "policycoreutils", "selinux-utils", "setools"],
  "selinux-policy-default",
];

const EXCLUDE = ["/usr/share/doc/*", "/usr/share/locale/*", "/usr/share/man/*"];

/** As long as a slow mirror may take. */
const LOCK_SECONDS = 900;

/** @returns {string} changes with everything that changes the directory, the mirror's state aside */
function recipeHash() {
  const recipe = JSON.stringify([RELEASE, INCLUDE, EXCLUDE]);
  return createHash("sha256").update(recipe).digest("hex").slice(0, 16);
}

/** @returns {Promise<string>} the directory, from the cache or made now; making it needs root */
export async function selinuxRoot() {
  const directory = join(CACHE, `selinux-${recipeHash()}`);
  if (existsSync(directory)) return directory;
  mkdirSync(CACHE, { recursive: true });
  return await withLock(`${directory}.lock`, LOCK_SECONDS, async () => {
    if (existsSync(directory)) return directory; // by another, meanwhile
    const work = mkdtempSync(join(CACHE, ".selinux-"));
    try {
      const options = ["--variant=extract", `--include=${INCLUDE.join(",")}`];
      const dpkg = EXCLUDE.map((path) => `--dpkgopt=path-exclude=${path}`);
      const root = join(work, "root");
      await mmdebstrap([...options, '--aptopt=Acquire::Languages "none"', ...dpkg], RELEASE, root);
      renameSync(root, directory);
    } finally {
      rmSync(work, { recursive: true, force: true });
    }
    for (const name of readdirSync(CACHE))
      if (/^selinux-\w{16}$/.test(name) && join(CACHE, name) !== directory)
        rmSync(join(CACHE, name), { recursive: true });
    return directory;
  });
}

/**
 * @param {string} root
 * @param {string} program below the root, such as `usr/bin/secilc`
 * @returns {{ command: string, args: string[] }} how it is started from outside
 */
export function programIn(root, program) {
  const libraries = join(root, "usr/lib", `${machine()}-linux-gnu`);
  return {
    command: join(root, "usr/lib", `${machine()}-linux-gnu`, loader()),
    args: ["--library-path", libraries, join(root, program)],
  };
}

/**
 * @param {string} root
 * @param {string} program one of setools' in Python, such as `seinfo`
 * @returns {{ command: string, args: string[], env: Record<string, string> }}
 */
export function pythonIn(root, program) {
  const python = programIn(root, "usr/bin/python3");
  return {
    command: python.command,
    args: [...python.args, join(root, "usr/bin", program)],
    env: {
      PYTHONHOME: join(root, "usr"),
      PYTHONPATH: join(root, "usr/lib/python3/dist-packages"),
      PYTHONDONTWRITEBYTECODE: "1",
      LC_ALL: "C.UTF-8",
    },
  };
}

/** @param {string} root @returns {import("../../agent/selinux/policy/program.ts").Tools} */
export function toolsIn(root) {
  return {
    secilc: programIn(root, "usr/bin/secilc"),
    pp: programIn(root, "usr/libexec/selinux/hll/pp"),
    bzip2: programIn(root, "usr/bin/bzip2"),
  };
}

function machine() {
  return process.arch === "arm64" ? "aarch64" : "x86_64";
}

function loader() {
  return process.arch === "arm64" ? "ld-linux-aarch64.so.1" : "ld-linux-x86-64.so.2";
}
