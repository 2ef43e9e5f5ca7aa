// @ts-check
import { probe, run } from "./run.js";

export const SYSTEM_BUS = "unix:path=/run/dbus/system_bus_socket";

/**
 * One call on a bus through dbus-send: the set-up needs no D-Bus library.
 *
 * @param {string} address
 * @param {string} destination
 * @param {string} path
 * @param {string} member interface and method
 * @param {string[]} [args] in dbus-send's notation, `string:…`
 * @returns {Promise<string>} the reply as dbus-send prints it
 */
export async function busCall(address, destination, path, member, args = []) {
  const { stdout } = await run(
    "dbus-send",
    [
      `--bus=${address}`,
      "--print-reply",
      "--reply-timeout=10000",
      `--dest=${destination}`,
      path,
      member,
      ...args,
    ],
    { seconds: 12 },
  );
  return stdout;
}

/**
 * Asks the bus itself. Where there is none the answer comes at once; the patience is for a machine
 * that is busy.
 *
 * @param {string} address
 * @param {string} method
 * @param {string[]} args
 */
function askBus(address, method, args) {
  const destination = ["--dest=org.freedesktop.DBus", "/org/freedesktop/DBus"];
  const reply = ["--print-reply", "--reply-timeout=10000"];
  return probe(
    "dbus-send",
    [`--bus=${address}`, ...reply, ...destination, `org.freedesktop.DBus.${method}`, ...args],
    { seconds: 12 },
  );
}

/**
 * @param {string} address
 * @returns {Promise<boolean>} whether a bus answers there
 */
export async function busAnswers(address) {
  return (await askBus(address, "GetId", [])).code === 0;
}

/**
 * @param {string} address
 * @param {string} name well-known bus name
 * @returns {Promise<boolean>} false also when no bus answers
 */
export async function nameHasOwner(address, name) {
  const { code, stdout } = await askBus(address, "NameHasOwner", [`string:${name}`]);
  return code === 0 && stdout.includes("boolean true");
}
