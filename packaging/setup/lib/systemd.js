// @ts-check
import { existsSync, mkdirSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { probe, run } from "./run.js";

/** Whether systemd is pid 1: then its units are used, and nothing is started beside them. */
export const hasSystemd = existsSync("/run/systemd/system");

/**
 * @param {string} stateDirectory
 * @param {string} unit
 */
function marker(stateDirectory, unit) {
  return join(stateDirectory, "units", unit);
}

/**
 * @param {string} unit
 * @returns {Promise<boolean>}
 */
export async function unitIsActive(unit) {
  return (await probe("systemctl", ["is-active", "--quiet", unit])).code === 0;
}

/**
 * Starts a unit and remembers that it was not running before.
 *
 * @param {string} stateDirectory
 * @param {string} unit
 */
export async function startUnit(stateDirectory, unit) {
  await run("systemctl", ["start", unit], { seconds: 90 });
  mkdirSync(join(stateDirectory, "units"), { recursive: true });
  writeFileSync(marker(stateDirectory, unit), "");
}

/**
 * @param {string} stateDirectory
 * @param {string} unit
 * @returns {boolean} whether startUnit started it
 */
export function unitIsOurs(stateDirectory, unit) {
  return existsSync(marker(stateDirectory, unit));
}

/**
 * Stops a unit if startUnit started it.
 *
 * @param {string} stateDirectory
 * @param {string} unit
 * @returns {Promise<boolean>} whether there was something to stop
 */
export async function stopUnit(stateDirectory, unit) {
  if (!unitIsOurs(stateDirectory, unit)) return false;
  await run("systemctl", ["stop", unit], { seconds: 90 });
  rmSync(marker(stateDirectory, unit));
  return true;
}
