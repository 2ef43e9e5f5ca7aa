/** One command to try per verb, in the words of the contract's own descriptions. */
import { type Command, optionWord } from "./commands.ts";
import type { Parameter } from "./parameters.ts";

const policyHash = "9c1185a5c5e9fc54612808977ee8f548b2258d31ae6a8e1f4b3c7d2e5f607182";

/** Values for arguments whose description names none; by subsystem first, then for all. */
const values: Record<string, string> = {
  "tenants.name": "mod-defense",
  "instances.name": "web",
  "instances.names": "web",
  "instances.cpu": "2",
  "instances.ram": "4GiB",
  "instances.storage": "40GiB",
  "instances.snapshot": "before-update",
  "audit.log": "audit-2026-11.tar",
  "audit.instant": "2026-11-01T12:00:00.000Z",
  "node.policy": policyHash,
  "node.confirm-seconds": "120",
  "node.hash": policyHash,
  "selinux.policy": policyHash,
  "selinux.before": "loaded",
  "selinux.after": policyHash,
  "selinux.confirm-seconds": "300",
  "images.file": "debian-13.tar.xz",
  "images.fingerprint": "0123456789ab",
  "hsm.serial": "4f1c2d3e5a6b7c8d9e0f1a2b3c4d5e6f",
  "hsm.request": '"$(cat agency.csr)"',
  "hsm.hash": `${policyHash}${policyHash}`,
  "ceph.map-hash": policyHash,
  "cluster.node": "node2",
  "cluster.address": "10.1.0.3",
  "cluster.cluster": policyHash,
  ceremony: "0123456789abcdef",
  tenant: "mod-defense",
  job: "0123456789abcdef",
  request: "0123456789abcdef",
  wait: "7",
  reason: "'Not before the audit'",
  "grace-seconds": "86400",
};

/** What must be given where the other values of an example ask for it. */
const alsoGiven: Record<string, readonly string[]> = { "ceph.predict-change": ["osd"] };

/** @returns a command line with all that must be given, or one option where nothing must. */
export function exampleOf(command: Command): string {
  const words = command.positionals
    .filter((parameter) => parameter.required || command.offline !== undefined)
    .map((parameter) => sampleOf(command, parameter));
  const also = alsoGiven[`${command.subsystem}.${command.verb}`] ?? [];
  const required = command.options.filter((one) => one.required || also.includes(one.name));
  const shown = required.length > 0 || !command.method.changes ? required : someOption(command);
  const options = shown.flatMap((option) => [
    optionWord(option).split(" ")[0] as string,
    ...(option.kind === "boolean" ? [] : [sampleOf(command, option)]),
  ]);
  return ["dsecos", command.subsystem, command.verb, ...words, ...options].join(" ");
}

/** Where all is optional, one option shows how; a switch is left to those who read on. */
function someOption(command: Command): Parameter[] {
  const option = command.options.find((one) => one.kind !== "boolean");
  return option === undefined ? [] : [option];
}

function sampleOf(command: Command, parameter: Parameter): string {
  if (parameter.kind === "content") return `@${parameter.name}.bin`;
  const named =
    values[`${command.subsystem}.${parameter.name}`] ??
    /for example ([^,;.]+)/.exec(parameter.description)?.[1]?.trim() ??
    values[parameter.name] ??
    parameter.choices[0] ??
    (parameter.kind === "number" ? "1" : "example");
  return /^[\w.:@/'-][\w.:@/' -]*$/.test(named) && !named.includes(" ") ? named : quote(named);
}

function quote(text: string): string {
  return text.startsWith("'") ? text : `'${text}'`;
}
