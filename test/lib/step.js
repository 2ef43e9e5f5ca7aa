// @ts-check
import { spawn } from "node:child_process";

/**
 * Runs a command with its output shown, and ends it when its time is over.
 *
 * @param {string} command
 * @param {readonly string[]} args
 * @param {{ cwd: string, minutes: number, env?: NodeJS.ProcessEnv }} options
 * @returns {Promise<boolean>} whether it exited with 0
 */
export function spawnStep(command, args, { cwd, minutes, env = process.env }) {
  return new Promise((done) => {
    const child = spawn(command, args, { cwd, env, stdio: ["ignore", "inherit", "inherit"] });
    const timer = setTimeout(() => {
      console.error(`${command} ${args[0]} did not end within ${minutes} minutes`);
      child.kill("SIGKILL");
    }, minutes * 60_000);
    child.on("error", (error) => {
      console.error(error.message);
      clearTimeout(timer);
      done(false);
    });
    child.on("exit", (code) => {
      clearTimeout(timer);
      done(code === 0);
    });
  });
}
