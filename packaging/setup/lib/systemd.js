// @ts-check
import { existsSync, mkdirSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { run } from "./run.js";

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
 * Stops a unit if startUnit started it.
 *
 * @param {string} stateDirectory
 * @param {string[]} units in the order in which to stop them
 * @returns {Promise<boolean>} whether there was something to stop
 */
export async function stopUnits(stateDirectory, units) {
  const [first] = units;
  if (first === undefined || !existsSync(marker(stateDirectory, first))) return false;
  await run("systemctl", ["stop", ...units], { seconds: 90 });
  rmSync(marker(stateDirectory, first));
  return true;
}
