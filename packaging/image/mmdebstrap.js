// @ts-check
import { debianMirror } from "../setup/lib/apt.js";
import { run } from "../setup/lib/run.js";

/**
 * Unpacks a Debian from the mirror that this machine is configured for. It gets its own process
 * ids: some packages (polkitd) stop "their" daemon at installation, and would find this machine's.
 *
 * @param {string[]} options of mmdebstrap
 * @param {string} release
 * @param {string} root directory to fill
 */
export async function mmdebstrap(options, release, root) {
  const apart = ["--pid", "--fork", "--kill-child", "--mount-proc"];
  const command = ["mmdebstrap", "--mode=root", ...options, release, root, await debianMirror()];
  await run("unshare", [...apart, ...command], { seconds: 900 });
}
