/** polkit's actions and the rules of each group, from the actions of the contracts. */
import { type Action, actionId, type Interface, type Role } from "../contract.ts";
import { escapeXml } from "./xml.ts";

/**
 * Every action of all interfaces by its id, in alphabetical order. Interfaces of one subsystem may
 * name the same action, but must say the same of it.
 */
export function allActions(contracts: readonly Interface[]): [id: string, action: Action][] {
  const actions = new Map<string, Action>();
  for (const definition of contracts) {
    for (const [name, action] of Object.entries(definition.actions)) {
      const id = actionId(definition, name);
      const known = actions.get(id);
      if (known !== undefined && textOf(known) !== textOf(action)) {
        throw new Error(`${id} is defined twice, and differently`);
      }
      actions.set(id, action);
    }
  }
  return [...actions].sort(([left], [right]) => (left < right ? -1 : 1));
}

function textOf(action: Action): string {
  return `${action.description}\n${[...action.roles].sort().join(" ")}`;
}

/** Nobody may by default: rules alone give, and sessions through Cockpit are never "active". */
export function polkitActions(contracts: readonly Interface[]): string {
  return `<?xml version="1.0" encoding="UTF-8"?>
<!DOCTYPE policyconfig PUBLIC "-//freedesktop//DTD PolicyKit Policy Configuration 1.0//EN"
 "http://www.freedesktop.org/standards/PolicyKit/1/policyconfig.dtd">
<!-- Generated from the contracts; changes made here are lost. -->
<policyconfig>
  <vendor>DsecOS</vendor>
${allActions(contracts)
  .map(([id, action]) => actionXml(id, action))
  .join("\n")}
</policyconfig>
`;
}

function actionXml(id: string, action: Action): string {
  const description = escapeXml(action.description);
  return `  <action id="${id}">
    <description>${description}</description>
    <message>A group of this system must allow it: ${description}</message>
    <defaults>
      <allow_any>no</allow_any>
      <allow_inactive>no</allow_inactive>
      <allow_active>no</allow_active>
    </defaults>
  </action>`;
}

/**
 * The rules file of one role. All rules files share one global scope in polkitd, so the list stands
 * inside the function. polkitd reads the groups of a person from the group database at each check:
 * who joins or leaves a group need not log in again.
 */
export function polkitRules(contracts: readonly Interface[], role: Role): string {
  const ids = allActions(contracts)
    .filter(([, action]) => action.roles.includes(role))
    .map(([id]) => `    "${id}",`);
  const last = ids.pop()?.replace(/,$/, "");
  return `// Generated from the contracts; changes made here are lost. To take something away, for all or
// for one tenant (action.lookup("tenant")), add a file that sorts before this one, for example
// /etc/polkit-1/rules.d/40-local.rules, and return polkit.Result.NO there.
polkit.addRule(function (action, subject) {
  var actions = [
${[...ids, last].filter((line) => line !== undefined).join("\n")}
  ];
  if (actions.indexOf(action.id) >= 0 && subject.isInGroup("dsecos-${role}")) {
    return polkit.Result.YES;
  }
  return polkit.Result.NOT_HANDLED;
});
`;
}
