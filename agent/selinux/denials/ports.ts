/** Types of ports that a domain may use, for a port that has another one. */
import type { Policy } from "../policydb/policy.ts";
import { ruleKinds } from "../policydb/rules.ts";
import type { DenialGroup } from "./groups.ts";

export interface PortChoice {
  readonly type: string;
  /** What has the type already, as `tcp 80`; at most {@link mostExamples}. */
  readonly ports: readonly string[];
  /** Gives the port the type; empty where the number of the port is not known. */
  readonly cil: string;
  /** How many domains could then use the port. */
  readonly domains: number;
}

const mostChoices = 5;
const mostExamples = 10;
/** Protocol numbers (IANA) that the kernel labels ports of. */
const protocols = new Map([
  ["6", "tcp"],
  ["17", "udp"],
  ["33", "dccp"],
  ["132", "sctp"],
]);

/** @returns those that the fewest other domains may use first */
export function portsOf(
  policy: Policy,
  { sourceType, class: className, ports }: DenialGroup,
  permission: string,
): PortChoice[] {
  const protocol = className.replace(/_socket$/, "");
  const known = portTypes(policy, protocol);
  const source = policy.typeId(sourceType);
  const of = policy.class(className);
  if (source === undefined || of === undefined) return [];
  const bit = of.permissions.indexOf(permission);
  const users = usersOf(policy, of.id, bit);
  const [port] = ports;
  const choices = [...known].flatMap(([type, examples]): PortChoice[] => {
    const domains = users(type);
    if (!domains.has(source)) return [];
    const name = policy.typeName(type);
    const cil =
      port === undefined
        ? ""
        : `(portcon ${protocol} ${port} (system_u object_r ${name} ((s0) (s0))))`;
    return [{ type: name, ports: examples.slice(0, mostExamples), cil, domains: domains.size }];
  });
  return choices.sort((a, b) => a.domains - b.domains).slice(0, mostChoices);
}

function portTypes(policy: Policy, protocol: string): Map<number, string[]> {
  const types = new Map<number, string[]>();
  for (const { kind, what, type } of policy.labelled) {
    if (kind !== "port") continue;
    const [number = "", range = ""] = what.split(" ");
    const name = protocols.get(number);
    if (name !== protocol) continue;
    const examples = types.get(type) ?? [];
    examples.push(`${name} ${range}`);
    types.set(type, examples);
  }
  return types;
}

/** Which types may use a port of a type, by the rules that hold now. */
function usersOf(policy: Policy, classId: number, bit: number): (type: number) => Set<number> {
  const byTarget = new Map<number, Set<number>>();
  const { rules, membership } = policy;
  for (let at = 0; at < rules.length; at++) {
    if (rules.classId[at] !== classId || rules.kind[at] !== ruleKinds.allow) continue;
    if ((((rules.data[at] ?? 0) >>> bit) & 1) === 0) continue;
    const sources = byTarget.get(rules.target[at] ?? 0) ?? new Set();
    sources.add(rules.source[at] ?? 0);
    byTarget.set(rules.target[at] ?? 0, sources);
  }
  return (type) => {
    const users = new Set<number>();
    for (const target of membership.idsOf(type))
      for (const source of byTarget.get(target) ?? [])
        for (const id of membership.membersOf(source)) users.add(id);
    return users;
  };
}
