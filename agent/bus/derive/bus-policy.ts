/**
 * Policy of the system bus for the agent's name: nobody may send what no group of theirs may ask,
 * so that a stranger's message never even reaches the agent.
 */
import { busName, type Interface, type Role, roles } from "../contract.ts";

const header = `<?xml version="1.0" encoding="UTF-8"?>
<!DOCTYPE busconfig PUBLIC "-//freedesktop//DTD D-Bus Bus Configuration 1.0//EN"
 "http://www.freedesktop.org/standards/dbus/1.0/busconfig.dtd">
<!-- Generated from the contracts; changes made here are lost. -->`;

export function busPolicy(contracts: readonly Interface[]): string {
  const destination = `send_destination="${busName}"`;
  const fromAgent = `receive_sender="${busName}"`;
  return `${header}
<busconfig>
  <policy context="default">
    <deny own="${busName}"/>
    <deny ${destination}/>
    <deny ${fromAgent} receive_type="signal"/>
    <allow ${destination} send_interface="org.freedesktop.DBus.Introspectable"/>
    <allow ${destination} send_interface="org.freedesktop.DBus.Peer"/>
    <!-- The first call of every page: whoever may do nothing learns it from the agent, in words. -->
    <allow ${destination} send_interface="org.dsecos.Agent1" send_member="GetCapabilities"/>
  </policy>

${roles.map((role) => rolePolicy(contracts, role)).join("\n\n")}

  <policy user="root">
    <allow own="${busName}"/>
    <allow ${destination}/>
    <allow ${fromAgent}/>
  </policy>
</busconfig>
`;
}

function rolePolicy(contracts: readonly Interface[], role: Role): string {
  const allowed = contracts.flatMap((definition) =>
    membersOf(definition, role).map(
      (member) =>
        `    <allow send_destination="${busName}" send_interface="${definition.name}" send_member="${member}"/>`,
    ),
  );
  return [
    `  <policy group="dsecos-${role}">`,
    `    <allow receive_sender="${busName}" receive_type="signal"/>`,
    ...allowed,
    "  </policy>",
  ].join("\n");
}

/** Members of an interface that a role may call. */
export function membersOf(definition: Interface, role: Role): string[] {
  return Object.entries(definition.methods)
    .filter(([, method]) => definition.actions[method.action]?.roles.includes(role))
    .map(([member]) => member);
}
