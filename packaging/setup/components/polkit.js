// @ts-check
import { existsSync } from "node:fs";
import { nameHasOwner } from "../lib/bus.js";
import { startReady, stopDaemon } from "../lib/daemons.js";
import { hasSystemd, startUnit, stopUnit } from "../lib/systemd.js";

const NAME = "org.freedesktop.PolicyKit1";

/**
 * The machine's polkitd, or a second one on the private bus. Both read the same fixed directories.
 *
 * @param {import("./types.js").StackContext} context
 * @returns {import("./types.js").Component}
 */
export function polkitComponent(context) {
  const { stateDirectory, busAddress } = context;
  const units = context.mode === "system" && hasSystemd;
  const owned = () => nameHasOwner(busAddress, NAME);
  return {
    name: "polkit",
    isRunning: owned,
    async start() {
      if (units) return await startUnit(stateDirectory, "polkit.service");
      await startReady(
        {
          stateDirectory,
          name: "polkit",
          command: program(),
          args: ["--no-debug"],
          env: { ...process.env, DBUS_SYSTEM_BUS_ADDRESS: busAddress },
        },
        30,
        owned,
      );
    },
    stop: () =>
      units ? stopUnit(stateDirectory, "polkit.service") : stopDaemon(stateDirectory, "polkit"),
  };
}

function program() {
  const places = ["/usr/lib/polkit-1/polkitd", "/usr/libexec/polkitd"];
  const found = places.find((path) => existsSync(path));
  if (found === undefined) throw new Error("polkitd is not installed");
  return found;
}
