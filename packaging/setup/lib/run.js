// @ts-check
import { execFile } from "node:child_process";

/** Largest output kept from one command, in bytes. */
const MAX_OUTPUT = 16 * 1024 * 1024;

/**
 * @typedef {object} RunOptions
 * @property {number} [seconds] time limit, 30 s by default; the command is killed after it
 * @property {string} [input] text for its standard input
 * @property {NodeJS.ProcessEnv} [env] whole environment; the caller's own by default
 * @property {string} [cwd]
 */

/**
 * @typedef {object} RunResult
 * @property {number} code exit code; 127 when the program is missing, 124 when it ran out of time
 * @property {string} stdout
 * @property {string} stderr
 */

/** A command that failed, with its last words. */
export class CommandError extends Error {
  /**
   * @param {string} command
   * @param {string[]} args
   * @param {RunResult} result
   */
  constructor(command, args, result) {
    const said = (result.stderr.trim() || result.stdout.trim()).split("\n").slice(-6).join("\n");
    const reason = result.code === 124 ? "took too long" : `failed with code ${result.code}`;
    super(`${[command, ...args].join(" ").slice(0, 300)} ${reason}${said ? `: ${said}` : ""}`);
    this.name = "CommandError";
    this.result = result;
  }
}

/**
 * Runs a program with an argument list (never a shell) and always resolves: the exit code tells.
 *
 * @param {string} command
 * @param {string[]} args
 * @param {RunOptions} [options]
 * @returns {Promise<RunResult>}
 */
export function probe(command, args, options = {}) {
  return new Promise((resolve) => {
    const child = execFile(
      command,
      args,
      {
        timeout: (options.seconds ?? 30) * 1000,
        killSignal: "SIGKILL",
        maxBuffer: MAX_OUTPUT,
        env: options.env ?? process.env,
        ...(options.cwd === undefined ? {} : { cwd: options.cwd }),
      },
      (error, stdout, stderr) => {
        if (!error) return resolve({ code: 0, stdout, stderr });
        if (error.code === "ENOENT")
          return resolve({ code: 127, stdout, stderr: `${command} is not installed` });
        const code = error.killed ? 124 : typeof error.code === "number" ? error.code : 125;
        resolve({ code, stdout, stderr: stderr || error.message });
      },
    );
    // A program may exit without reading its input; its exit code says all that matters then.
    child.stdin?.on("error", () => {});
    child.stdin?.end(options.input ?? "");
  });
}

/**
 * Like {@link probe}, but throws a CommandError unless the program succeeds.
 *
 * @param {string} command
 * @param {string[]} args
 * @param {RunOptions} [options]
 * @returns {Promise<RunResult>}
 */
export async function run(command, args, options = {}) {
  const result = await probe(command, args, options);
  if (result.code !== 0) throw new CommandError(command, args, result);
  return result;
}
