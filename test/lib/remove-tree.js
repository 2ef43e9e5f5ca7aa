// @ts-check
import { spawnSync } from "node:child_process";
import { rmSync } from "node:fs";

/**
 * Removes a directory and what is in it, files of an audit log too, which may be append-only or
 * immutable. What is not there is no error.
 *
 * @param {string} directory
 */
export function removeTree(directory) {
  try {
    rmSync(directory, { recursive: true, force: true });
  } catch {
    // Its exit code tells of sockets and the like; whether it helped shows right below.
    spawnSync("chattr", ["-R", "-f", "-ai", "--", directory], { timeout: 60_000 });
    rmSync(directory, { recursive: true, force: true });
  }
}
