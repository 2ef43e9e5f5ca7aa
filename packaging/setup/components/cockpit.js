// @ts-check
import { chownSync, cpSync, mkdirSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { isAlive, readRecord, startReady, stopDaemon } from "../lib/daemons.js";
import { freePort, portIsFree } from "../lib/ports.js";
import { run } from "../lib/run.js";

const LIBRARY = "/usr/lib/cockpit";

/**
 * @typedef {object} CockpitOptions
 * @property {string} [name] record and log name, when a stack has several: "cockpit"
 * @property {number} [port] where to listen; the next free one if taken; 0 for any
 * @property {string} [localSession] user whose session everyone gets, without login: for tests
 */

/**
 * A cockpit-ws on the loopback interface: with a normal login, or for tests with the session of
 * one user behind it.
 *
 * @param {import("./types.js").StackContext} context
 * @param {CockpitOptions} [options]
 * @returns {import("./types.js").Component & { port(): number }}
 */
export function cockpitComponent(context, options = {}) {
  const { stateDirectory } = context;
  const name = options.name ?? "cockpit";
  const record = () => readRecord(stateDirectory, name);
  return {
    name,
    /** @returns {number} where it listens; 0 when it does not run */
    port: () => (isAlive(record()) ? Number(record()?.notes?.port) : 0),
    isRunning: async () => isAlive(record()),
    async start() {
      const port = options.port ? await freeFrom(options.port) : await freePort();
      const user = options.localSession ? await account(options.localSession) : null;
      const { command, args } = commandLine(port, user);
      await startReady(
        {
          stateDirectory,
          name,
          command,
          args,
          env: environment(context, name, user),
          notes: { port: String(port) },
        },
        30,
        () => pings(port),
      );
      return `listens on http://127.0.0.1:${port}`;
    },
    stop: () => stopDaemon(stateDirectory, name),
  };
}

/**
 * @typedef {{ name: string, uid: string, gid: string, home: string, shell: string }} Account
 */

/**
 * @param {string} user
 * @returns {Promise<Account>}
 */
async function account(user) {
  const { stdout } = await run("getent", ["passwd", user]);
  const [name, , uid, gid, , home, shell] = stdout.trim().split(":");
  if (!name || !uid || !gid || !home || !shell) throw new Error(`no account for ${user}`);
  return { name, uid, gid, home, shell };
}

/**
 * @param {number} port
 * @param {Account | null} user
 */
function commandLine(port, user) {
  const ws = ["--no-tls", "--address", "127.0.0.1", "--port", String(port)];
  const program = join(LIBRARY, "cockpit-ws");
  if (user === null) return { command: program, args: ws };
  const local = [program, ...ws, "--local-session=cockpit-bridge"];
  // Not spawn's own uid: it would drop the user's groups.
  return {
    command: "setpriv",
    args: [`--reuid=${user.uid}`, `--regid=${user.gid}`, "--init-groups", "--", ...local],
  };
}

/**
 * @param {import("./types.js").StackContext} context
 * @param {string} name
 * @param {Account | null} user
 */
function environment(context, name, user) {
  const directory = join(context.stateDirectory, name);
  mkdirSync(join(directory, "config/cockpit"), { recursive: true, mode: 0o755 });
  // cockpit-session directly: without systemd nothing listens on its socket.
  writeFileSync(
    join(directory, "config/cockpit/cockpit.conf"),
    `[WebService]\nLoginTo=false\nAllowUnencrypted=true\n
[Basic]\nCommand=${LIBRARY}/cockpit-session\n`,
  );
  /** @type {NodeJS.ProcessEnv} */
  const env = {
    ...process.env,
    ...context.environment,
    XDG_CONFIG_DIRS: join(directory, "config"),
  };
  if (context.mode === "private") {
    const target = join(directory, "share/cockpit/dsecos");
    // A copy, since the session's user may not be able to read the project's directory.
    rmSync(target, { recursive: true, force: true });
    cpSync(join(context.distDirectory, "cockpit/dsecos"), target, { recursive: true });
    env.XDG_DATA_DIRS = `${join(directory, "share")}:/usr/local/share:/usr/share`;
  }
  if (user !== null) {
    const { name: login, home, shell } = user;
    Object.assign(env, { HOME: home, USER: login, LOGNAME: login, SHELL: shell });
    // Without one of his own, nothing of his reaches another host.
    env.XDG_RUNTIME_DIR = join(directory, "run");
    mkdirSync(env.XDG_RUNTIME_DIR, { recursive: true, mode: 0o700 });
    chownSync(env.XDG_RUNTIME_DIR, Number(user.uid), Number(user.gid));
  }
  return env;
}

/** @param {number} first */
async function freeFrom(first) {
  for (let port = first; port < first + 50; port++) if (await portIsFree(port)) return port;
  throw new Error(`ports ${first} to ${first + 49} are all taken: set DSECOS_PORT`);
}

/** @param {number} port */
async function pings(port) {
  try {
    const answer = await fetch(`http://127.0.0.1:${port}/ping`, {
      signal: AbortSignal.timeout(2000),
    });
    return (await answer.text()).includes("cockpit");
  } catch {
    return false; // does not listen yet
  }
}
