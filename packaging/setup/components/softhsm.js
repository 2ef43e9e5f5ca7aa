// @ts-check
import { spawn } from "node:child_process";
import { randomInt } from "node:crypto";
import { existsSync, mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { probe } from "../lib/run.js";

export const TOKEN_LABEL = "dsecos-dev";

/**
 * A software token for development. It is data, not a process: once made it stays, and nothing
 * has to be stopped.
 *
 * @param {import("./types.js").StackContext} context
 * @returns {import("./types.js").Component}
 */
export function softhsmComponent(context) {
  const directory = join(context.stateDirectory, "softhsm");
  const config = join(directory, "softhsm2.conf");
  const env = { ...process.env, SOFTHSM2_CONF: config };
  return {
    name: "softhsm",
    async isRunning() {
      if (!existsSync(config)) return false;
      const { stdout } = await probe("softhsm2-util", ["--show-slots"], { env });
      return new RegExp(`^\\s*Label:\\s+${TOKEN_LABEL}\\s*$`, "m").test(stdout);
    },
    async start() {
      mkdirSync(join(directory, "tokens"), { recursive: true, mode: 0o700 });
      writeFileSync(
        config,
        `directories.tokendir = ${join(directory, "tokens")}\n` +
          "objectstore.backend = file\nlog.level = ERROR\nslots.removable = false\n",
      );
      const officer = digits(16);
      const user = digits(16);
      // The PINs are kept before they count: a token without its PIN is lost.
      writeFileSync(join(directory, "so-pin"), officer, { mode: 0o600 });
      writeFileSync(join(directory, "pin"), user, { mode: 0o600 });
      await initToken(env, officer, user);
      return `made the token ${TOKEN_LABEL}, its PIN is in ${join(directory, "pin")}`;
    },
    stop: async () => false,
  };
}

/** @param {number} length */
function digits(length) {
  return Array.from({ length }, () => randomInt(10)).join("");
}

/**
 * Answers softhsm2-util's questions for the PINs, which thus never stand on a command line. It
 * reads them from a terminal only, so `script` gives it one.
 *
 * @param {NodeJS.ProcessEnv} env
 * @param {string} officer
 * @param {string} user
 * @returns {Promise<void>}
 */
function initToken(env, officer, user) {
  const command = `softhsm2-util --init-token --free --label ${TOKEN_LABEL}`;
  const args = ["--quiet", "--return", "--log-out", "/dev/null", "--command", command];
  const answers = [officer, officer, user, user];
  return new Promise((resolve, reject) => {
    const child = spawn("script", args, {
      env,
      stdio: ["pipe", "pipe", "ignore"],
      timeout: 20_000,
      killSignal: "SIGKILL",
    });
    let said = "";
    child.stdout.on("data", (part) => {
      said = (said + part).slice(-1000);
      if (!said.endsWith("PIN: ")) return;
      child.stdin.write(`${answers.shift() ?? ""}\r`);
      said += "\n";
    });
    child.stdin.on("error", () => {}); // its exit code tells
    child.on("error", reject);
    child.on("close", (code) =>
      code === 0 ? resolve() : reject(new Error(`softhsm2-util failed: ${said.trim()}`)),
    );
  });
}
