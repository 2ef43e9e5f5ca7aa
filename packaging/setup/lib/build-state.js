// @ts-check
import { existsSync, readdirSync, statSync } from "node:fs";
import { join } from "node:path";

const SOURCES = ["agent", "plugins", "policies", "packaging/cockpit"];
const FILES = ["build.js", "package.json", "package-lock.json", "tsconfig.json"];
/** The product whose age stands for the whole build's: the last thing that matters to a user. */
const PRODUCT = "dist/agent/agent.js";

/**
 * @param {string} path file or directory
 * @returns {number} the newest modification time at or below it, in ms; 0 when it is missing
 */
function newest(path) {
  const stat = statSync(path, { throwIfNoEntry: false });
  if (stat === undefined) return 0;
  if (!stat.isDirectory()) return stat.mtimeMs;
  // The directory's own time tells of a file that was removed.
  const inside = readdirSync(path).map((name) => newest(join(path, name)));
  return Math.max(stat.mtimeMs, ...inside);
}

/**
 * @param {string} project
 * @returns {boolean} whether the build is there and newer than all sources
 */
export function isBuilt(project) {
  const product = join(project, PRODUCT);
  if (!existsSync(product)) return false;
  const built = statSync(product).mtimeMs;
  return [...SOURCES, ...FILES].every((name) => newest(join(project, name)) <= built);
}
