// @ts-check
import { createStack } from "./stack.js";

const STATE = "/var/lib/dsecos/setup/system";
const DEFAULT_PORT = 9090;

/** The stack of npm start and npm stop: this machine's own bus, Incus and directories. */
export function systemStack() {
  const port = Number(process.env.DSECOS_PORT ?? DEFAULT_PORT);
  if (!Number.isInteger(port) || port < 1 || port > 65_535)
    throw new Error(`DSECOS_PORT is "${process.env.DSECOS_PORT}", which is no port`);
  return createStack({ mode: "system", stateDirectory: STATE, poolGiB: 20, cockpit: { port } });
}
