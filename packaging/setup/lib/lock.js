// @ts-check
import { mkdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { dirname } from "node:path";
import { isAlive, startTimeOf } from "./daemons.js";
import { until } from "./wait.js";

/**
 * Does something while no other process does it under the same lock file. A lock whose owner died
 * is taken over.
 *
 * @template T
 * @param {string} file
 * @param {number} seconds how long to wait for another
 * @param {() => Promise<T>} work
 * @returns {Promise<T>}
 */
export async function withLock(file, seconds, work) {
  mkdirSync(dirname(file), { recursive: true });
  const mine = JSON.stringify({ pid: process.pid, startTime: startTimeOf(process.pid) });
  await until(`the lock ${file}`, seconds, () => take(file, mine), 50);
  try {
    return await work();
  } finally {
    rmSync(file);
  }
}

/**
 * @param {string} file
 * @param {string} mine
 * @returns {boolean}
 */
function take(file, mine) {
  try {
    writeFileSync(file, mine, { flag: "wx" });
    return true;
  } catch (error) {
    if (/** @type {NodeJS.ErrnoException} */ (error).code !== "EEXIST") throw error;
  }
  const holder = readHolder(file);
  if (holder !== "unknown" && !isAlive(holder)) rmSync(file, { force: true });
  return false;
}

/**
 * @param {string} file
 * @returns {import("./daemons.js").DaemonRecord | "unknown"} unknown: just released, or being written
 */
function readHolder(file) {
  try {
    return JSON.parse(readFileSync(file, "utf8"));
  } catch {
    return "unknown";
  }
}
