// @ts-check
import { existsSync, mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { busAnswers } from "../lib/bus.js";
import { startReady, stopDaemon } from "../lib/daemons.js";
import { run } from "../lib/run.js";
import { hasSystemd } from "../lib/systemd.js";

/**
 * The bus: the machine's own, or in private mode a second one with the same rules.
 *
 * @param {import("./types.js").StackContext} context
 * @returns {import("./types.js").Component}
 */
export function busComponent(context) {
  const { stateDirectory, busAddress } = context;
  return {
    name: "bus",
    isRunning: () => busAnswers(busAddress),
    async start() {
      if (context.mode === "system" && hasSystemd)
        throw new Error("the system bus does not answer: systemctl status dbus.service tells more");
      await run("dbus-uuidgen", ["--ensure"]);
      const config = context.mode === "private" ? privateConfig(context) : systemConfig();
      await startReady(
        {
          stateDirectory,
          name: "bus",
          command: "dbus-daemon",
          args: [`--config-file=${config}`, "--nofork", "--nopidfile", "--nosyslog"],
        },
        30,
        () => busAnswers(busAddress),
      );
    },
    stop: () => stopDaemon(stateDirectory, "bus"),
  };
}

function systemConfig() {
  mkdirSync("/run/dbus", { recursive: true });
  return "/usr/share/dbus-1/system.conf";
}

/**
 * The strict rules of Debian's system.conf, but no activation and an own socket.
 *
 * @param {import("./types.js").StackContext} context
 */
function privateConfig({ stateDirectory, distDirectory, busAddress }) {
  const policies = [
    "/usr/share/dbus-1/system.d/org.freedesktop.PolicyKit1.conf",
    join(distDirectory, "policies/dbus/org.dsecos.Agent.conf"),
  ].filter((file) => existsSync(file));
  const config = join(stateDirectory, "bus.conf");
  writeFileSync(
    config,
    `<!DOCTYPE busconfig PUBLIC "-//freedesktop//DTD D-Bus Bus Configuration 1.0//EN"
 "http://www.freedesktop.org/standards/dbus/1.0/busconfig.dtd">
<busconfig>
  <type>system</type>
  <user>messagebus</user>
  <auth>EXTERNAL</auth>
  <listen>${busAddress}</listen>
  <policy context="default">
    <allow user="*"/>
    <deny own="*"/>
    <deny send_type="method_call"/>
    <allow send_type="signal"/>
    <allow send_requested_reply="true" send_type="method_return"/>
    <allow send_requested_reply="true" send_type="error"/>
    <allow receive_type="method_call"/>
    <allow receive_type="method_return"/>
    <allow receive_type="error"/>
    <allow receive_type="signal"/>
    <allow send_destination="org.freedesktop.DBus" send_interface="org.freedesktop.DBus"/>
    <allow send_destination="org.freedesktop.DBus"
           send_interface="org.freedesktop.DBus.Introspectable"/>
    <allow send_destination="org.freedesktop.DBus"
           send_interface="org.freedesktop.DBus.Properties"/>
    <deny send_destination="org.freedesktop.DBus" send_interface="org.freedesktop.DBus"
          send_member="UpdateActivationEnvironment"/>
  </policy>
  <policy user="root">
    <allow send_destination="org.freedesktop.DBus"
           send_interface="org.freedesktop.DBus.Monitoring"/>
  </policy>
${policies.map((file) => `  <include>${file}</include>`).join("\n")}
</busconfig>
`,
  );
  return config;
}
