// @ts-check
import { readdirSync, statSync, utimesSync, writeFileSync } from "node:fs";
import { join } from "node:path";

const SOURCES = ["agent", "plugins", "policies", "packaging/cockpit"];
const FILES = ["build.js", "package.json", "package-lock.json", "tsconfig.json"];
/** Written when a build is complete, with the time at which it began. */
const STAMP = "dist/.built";

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
 * @returns {boolean} whether a complete build is there, begun after the last change of a source
 */
export function isBuilt(project) {
  const stamp = statSync(join(project, STAMP), { throwIfNoEntry: false });
  if (stamp === undefined) return false;
  return [...SOURCES, ...FILES].every((name) => newest(join(project, name)) <= stamp.mtimeMs);
}

/**
 * @param {string} project
 * @param {Date} began
 */
export function markBuilt(project, began) {
  writeFileSync(join(project, STAMP), "");
  utimesSync(join(project, STAMP), began, began);
}

/**
 * @param {readonly string[]} files
 * @returns {string} another one after each build of these; what is missing counts as nothing
 */
export function buildMark(files) {
  return files
    .map((file) => statSync(file, { throwIfNoEntry: false }))
    .map((stat) => (stat ? `${stat.mtimeMs} ${stat.size}` : ""))
    .join(", ");
}
