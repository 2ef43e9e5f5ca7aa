// @ts-check
import { spawn } from "node:child_process";
import {
  closeSync,
  mkdirSync,
  openSync,
  readFileSync,
  rmSync,
  statSync,
  writeFileSync,
} from "node:fs";
import { join } from "node:path";
import { until } from "./wait.js";

/**
 * What is remembered on disk of a process that was started here, so that another run can stop it.
 * The start time makes a reused pid recognizable.
 *
 * @typedef {object} DaemonRecord
 * @property {number} pid
 * @property {string} startTime field 22 of /proc/PID/stat, in clock ticks since boot
 * @property {Record<string, string>} [notes] facts that a later run needs, such as a port
 */

/**
 * @param {number} pid
 * @returns {string | null} the process' start time, or null when it is gone or a zombie
 */
export function startTimeOf(pid) {
  let stat;
  try {
    stat = readFileSync(`/proc/${pid}/stat`, "utf8");
  } catch {
    return null; // no such process
  }
  // The name in parentheses may hold spaces: fields are counted behind the last one.
  const fields = stat.slice(stat.lastIndexOf(")") + 2).split(" ");
  return fields[0] === "Z" ? null : (fields[19] ?? null);
}

/**
 * @param {DaemonRecord | null} record
 * @returns {record is DaemonRecord}
 */
export function isAlive(record) {
  return record !== null && startTimeOf(record.pid) === record.startTime;
}

/**
 * @param {string} stateDirectory
 * @param {string} name
 */
function recordFile(stateDirectory, name) {
  return join(stateDirectory, "pids", `${name}.json`);
}

/**
 * @param {string} stateDirectory
 * @param {string} name
 * @returns {DaemonRecord | null}
 */
export function readRecord(stateDirectory, name) {
  let text;
  try {
    text = readFileSync(recordFile(stateDirectory, name), "utf8");
  } catch {
    return null; // never started from here
  }
  return JSON.parse(text);
}

/**
 * @param {string} stateDirectory
 * @param {string} name
 */
export function forgetRecord(stateDirectory, name) {
  rmSync(recordFile(stateDirectory, name), { force: true });
}

/**
 * @typedef {object} DaemonSpec
 * @property {string} stateDirectory
 * @property {string} name names its record and its log
 * @property {string} command
 * @property {string[]} args
 * @property {NodeJS.ProcessEnv} [env]
 * @property {string} [cwd]
 * @property {Record<string, string>} [notes]
 */

/**
 * Starts a program that outlives this one, its output going to `<state>/log/<name>.log`.
 *
 * @param {DaemonSpec} spec
 * @returns {Promise<DaemonRecord>}
 */
export async function startDaemon(spec) {
  mkdirSync(join(spec.stateDirectory, "pids"), { recursive: true });
  mkdirSync(join(spec.stateDirectory, "log"), { recursive: true, mode: 0o700 });
  const log = openSync(logFile(spec.stateDirectory, spec.name), "a", 0o600);
  try {
    const child = spawn(spec.command, spec.args, {
      detached: true,
      stdio: ["ignore", log, log],
      env: spec.env ?? process.env,
      cwd: spec.cwd ?? "/",
    });
    await new Promise((resolve, reject) => {
      child.once("spawn", resolve);
      child.once("error", reject);
    });
    child.unref();
    const pid = /** @type {number} */ (child.pid);
    const startTime = startTimeOf(pid);
    if (startTime === null) throw new Error(`${spec.name} ended at once`);
    /** @type {DaemonRecord} */
    const record = { pid, startTime, ...(spec.notes ? { notes: spec.notes } : {}) };
    writeFileSync(recordFile(spec.stateDirectory, spec.name), JSON.stringify(record));
    return record;
  } finally {
    closeSync(log);
  }
}

/**
 * Starts a daemon and waits until it is ready; says why when it dies instead.
 *
 * @param {DaemonSpec} spec
 * @param {number} seconds
 * @param {() => boolean | Promise<boolean>} ready
 * @returns {Promise<DaemonRecord>}
 */
export async function startReady(spec, seconds, ready) {
  const said = statSync(logFile(spec.stateDirectory, spec.name), { throwIfNoEntry: false })?.size;
  const record = await startDaemon(spec);
  await until(`${spec.name} to be ready`, seconds, async () => {
    if (!isAlive(record)) throw new Error(`${spec.name} ended: ${lastWords(spec, said)}`);
    return await ready();
  });
  return record;
}

/**
 * @param {string} stateDirectory
 * @param {string} name
 * @returns {string}
 */
export function logFile(stateDirectory, name) {
  return join(stateDirectory, "log", `${name}.log`);
}

/**
 * @param {DaemonSpec} spec
 * @param {number} [from] bytes of the log that earlier runs wrote
 */
function lastWords(spec, from = 0) {
  const text = readFileSync(logFile(spec.stateDirectory, spec.name)).subarray(from).toString();
  return text.trim().split("\n").slice(-5).join("\n") || "it said nothing";
}

/**
 * Ends the process of a record (and never another that got its pid), then forgets the record.
 *
 * @param {string} stateDirectory
 * @param {string} name
 * @param {{ seconds?: number, signal?: NodeJS.Signals }} [options] patience before SIGKILL
 * @returns {Promise<boolean>} whether there was something to end
 */
export async function stopDaemon(stateDirectory, name, options = {}) {
  const record = readRecord(stateDirectory, name);
  const alive = isAlive(record);
  if (alive) {
    send(record, options.signal ?? "SIGTERM");
    const gone = until("the end", options.seconds ?? 5, () => !isAlive(record)).catch(() => false);
    if (!(await gone)) {
      send(record, "SIGKILL");
      await until(`${name} to end after SIGKILL`, 5, () => !isAlive(record));
    }
  }
  forgetRecord(stateDirectory, name);
  return alive;
}

/**
 * @param {DaemonRecord} record
 * @param {NodeJS.Signals} signal
 */
function send(record, signal) {
  try {
    process.kill(record.pid, signal);
  } catch (error) {
    // It may end by itself between the check and the signal.
    if (/** @type {NodeJS.ErrnoException} */ (error).code !== "ESRCH") throw error;
  }
}
