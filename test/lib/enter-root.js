// @ts-check
/**
 * Runs a command of another root in the project's directory there, as `inRoot` (ceph-root.js) has it, in
 * namespaces that are its own:
 *
 *     enter-root.js ROOT DIRECTORY[:DIRECTORY…] COMMAND [ARGUMENT…]
 */
import { execFileSync, spawnSync } from "node:child_process";
import { mkdirSync } from "node:fs";
import { join, resolve } from "node:path";

/** Where the project is in there: a directory that every Debian has, and nothing is in. */
const PLACE = "/mnt";

const [root = "", shared = "", ...command] = process.argv.slice(2);

/** @param {string[]} args */
const mount = (...args) => void execFileSync("mount", args, { stdio: "inherit" });

mount("--make-rprivate", "/");
for (const scratch of ["tmp", "run", "var/tmp"]) mount("-t", "tmpfs", "tmpfs", join(root, scratch));
mount("-t", "proc", "proc", join(root, "proc"));
mount("--rbind", "/dev", join(root, "dev"));
mount("--bind", resolve(import.meta.dirname, "../.."), join(root, PLACE));
for (const directory of shared.split(":").filter(Boolean)) {
  mkdirSync(join(root, directory), { recursive: true });
  mount("--bind", directory, join(root, directory));
}
const inside = ["chroot", root, "env", "--chdir", PLACE];
execFileSync("chroot", [root, "ip", "link", "set", "lo", "up"], { stdio: "inherit" });
const [program = "", ...args] = [...inside, ...command];
const { DSECOS_TEST_INCUS = "" } = process.env;
const { status } = spawnSync(program, args, {
  stdio: "inherit",
  env: {
    ...{ HOME: "/root", PATH: "/usr/sbin:/usr/bin:/sbin:/bin", LANG: "C.UTF-8" },
    ...{ DSECOS_TEST_INCUS, NO_COLOR: "1" },
  },
});
process.exitCode = status ?? 1;
