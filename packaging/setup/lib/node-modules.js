// @ts-check
import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { run } from "./run.js";

/**
 * @typedef {object} LockedPackage
 * @property {string} [version]
 * @property {string} [integrity]
 * @property {boolean} [optional]
 * @property {string[]} [os]
 * @property {string[]} [cpu]
 * @property {string[]} [libc]
 */

/**
 * @param {string} file
 * @returns {Record<string, LockedPackage>}
 */
function packagesOf(file) {
  return JSON.parse(readFileSync(file, "utf8")).packages;
}

/**
 * An optional package counts only when it names this platform: those hold programs (esbuild,
 * biome, …). The others, such as dbus-next's usocket, are native extras that nothing here needs.
 *
 * @param {LockedPackage} entry
 */
function isNeeded({ optional, os, cpu, libc }) {
  if (!optional) return true;
  if (!os || !cpu) return false;
  const here = os.includes(process.platform) && cpu.includes(process.arch);
  return here && (libc === undefined || libc.includes("glibc"));
}

/**
 * @param {string} project
 * @returns {boolean} whether node_modules holds what package-lock.json says
 */
export function nodeModulesMatch(project) {
  const hidden = join(project, "node_modules/.package-lock.json");
  if (!existsSync(hidden)) return false;
  const wanted = packagesOf(join(project, "package-lock.json"));
  const there = packagesOf(hidden);
  return Object.entries(wanted).every(([path, entry]) => {
    if (path === "") return true;
    const found = there[path];
    if (found === undefined) return !isNeeded(entry);
    return found.version === entry.version && found.integrity === entry.integrity;
  });
}

/**
 * Not `npm ci`: it refuses a lock without the programs for foreign platforms, and the lock has only
 * those that the registry offered. What counts is checked here afterwards.
 *
 * @param {string} project
 */
export async function installNodeModules(project) {
  // No install scripts: every program that is needed comes as a package for this platform.
  const args = ["install", "--no-save", "--ignore-scripts", "--no-audit", "--no-fund"];
  // Without a network it would try for ten minutes.
  const patience = ["--fetch-retries=2", "--fetch-retry-mintimeout=1000"];
  await run("npm", [...args, ...patience], { cwd: project, seconds: 600 });
  if (!nodeModulesMatch(project))
    throw new Error("after npm install, node_modules does not hold what package-lock.json says");
}
