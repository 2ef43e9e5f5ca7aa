// @ts-check
import { randomBytes } from "node:crypto";
import { existsSync, mkdirSync, readdirSync, rmSync, writeFileSync } from "node:fs";
import { createConnection } from "node:net";
import { join } from "node:path";
import { buildMark } from "../lib/build-state.js";
import { isAlive, readRecord, startReady, stopDaemon } from "../lib/daemons.js";

const NAME = "softhsm";
const DAEMON = "dsecos-hsm";
const MODULE = "/usr/lib/softhsm/libsofthsm2.so";
const CREDENTIAL = `hsm-${NAME}`;
/** As long as what HKDF makes of it for each token. */
const SECRET_BYTES = 32;

/**
 * @param {Pick<import("./types.js").StackContext, "stateDirectory">} context
 * @returns {string} where the tokens, their secret and what the driver remembers are kept
 */
export function softhsmState({ stateDirectory }) {
  return join(stateDirectory, "hsm-softhsm");
}

/**
 * @param {Pick<import("./types.js").StackContext, "stateDirectory">} context
 * @returns {{ hsmDirectory: string, hsmSockets: string }} keys of the agent's configuration file
 */
export function hsmPaths({ stateDirectory }) {
  return { hsmDirectory: join(stateDirectory, "hsm.d"), hsmSockets: join(stateDirectory, "hsm") };
}

/**
 * The driver of SoftHSM: the process that alone loads its module. Its secret, of which the tokens'
 * PINs are made, is a plain file here; the package's unit has it encrypted.
 *
 * @param {import("./types.js").StackContext} context
 * @returns {import("./types.js").Component}
 */
export function softhsmComponent(context) {
  const { stateDirectory, distDirectory } = context;
  const state = softhsmState(context);
  const { hsmDirectory, hsmSockets } = hsmPaths(context);
  const driverFile = join(hsmDirectory, `${NAME}.json`);
  const socket = join(hsmSockets, `${NAME}.sock`);
  const program = join(distDirectory, "hsm/dsecos-hsm.js");
  const parts = [program, join(distDirectory, "hsm/pkcs11.node")];
  return {
    name: NAME,
    async isRunning() {
      const record = readRecord(stateDirectory, DAEMON);
      return isAlive(record) && record.notes?.build === buildMark(parts) && accepts(socket);
    },
    async start() {
      for (const part of [...parts, MODULE])
        if (!existsSync(part)) throw new Error(`${part} is missing: run npm start as root`);
      await stopDaemon(stateDirectory, DAEMON);
      for (const directory of [hsmDirectory, hsmSockets])
        mkdirSync(directory, { recursive: true, mode: 0o700 });
      const credentials = prepare(state);
      writeFileSync(driverFile, JSON.stringify(driverConfig(state), null, 2));
      rmSync(socket, { force: true });
      const driver = ["--driver", NAME, "--config", driverFile, "--socket", socket];
      await startReady(
        {
          stateDirectory,
          name: DAEMON,
          // As the package's unit has them: no core dumps, which would have PINs and seeds, and …
          command: "prlimit",
          args: ["--core=0", process.execPath, program, ...driver],
          // … the credentials of systemd.
          env: { ...process.env, CREDENTIALS_DIRECTORY: credentials, STATE_DIRECTORY: state },
          notes: { build: buildMark(parts) },
        },
        30,
        () => accepts(socket),
      );
      return `a software HSM, whose keys anybody with root can copy, in ${state}`;
    },
    stop: () => stopDaemon(stateDirectory, DAEMON),
  };
}

/** @param {string} state */
function driverConfig(state) {
  return {
    module: MODULE,
    region: "UK",
    environment: { SOFTHSM2_CONF: join(state, "softhsm2.conf") },
    pin: { credential: CREDENTIAL },
  };
}

/**
 * Makes the store of the tokens and their secret, unless they are there.
 *
 * @param {string} state
 * @returns {string} the directory of the secret
 */
function prepare(state) {
  const tokens = join(state, "tokens");
  const credentials = join(state, "credentials");
  for (const directory of [tokens, credentials])
    mkdirSync(directory, { recursive: true, mode: 0o700 });
  writeFileSync(
    join(state, "softhsm2.conf"),
    `directories.tokendir = ${tokens}\nobjectstore.backend = file\nlog.level = ERROR\n`,
  );
  const secret = join(credentials, CREDENTIAL);
  if (existsSync(secret)) return credentials;
  if (readdirSync(tokens).length > 0)
    throw new Error(`${secret} is lost, and only it opens ${tokens}: put one of the two back`);
  writeFileSync(secret, randomBytes(SECRET_BYTES), { mode: 0o600, flush: true });
  return credentials;
}

/**
 * @param {string} socket
 * @returns {Promise<boolean>} whether somebody listens there
 */
function accepts(socket) {
  return new Promise((resolve) => {
    const connection = createConnection(socket);
    connection.once("connect", () => {
      connection.end().resume();
      resolve(true);
    });
    connection.on("error", () => resolve(false)); // not there yet, or nobody's any more
  });
}
