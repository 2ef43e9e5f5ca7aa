/** What a binary policy says of its settings; read by the thread that answers questions to it. */
import { parseType } from "../policy/names.ts";
import { capabilityNames, type Policy } from "../policydb/policy.ts";
import { ruleKinds } from "../policydb/rules.ts";
import { sizesOf } from "../proof/prove.ts";
import { Ownership, slotsOf } from "../proof/tenants.ts";
import type { Settings } from "./answers.ts";

export interface PolicySettings
  extends Pick<Settings, "permissive" | "users" | "ports" | "capabilities" | "fileSystems"> {
  policy: { sha256: string; version: number; size: number; unknown: Policy["unknown"] };
  counts: NonNullable<Settings["counts"]>;
  booleans: { name: string; state: boolean; rules: number }[];
  /** Numbers of the slots, spare ones too. */
  slots: number[];
}

/** Protocol numbers (IANA) that the kernel labels ports of. */
const protocols: Readonly<Record<string, string>> = {
  6: "tcp",
  17: "udp",
  33: "dccp",
  132: "sctp",
};

export function settingsOf(policy: Policy): PolicySettings {
  const { sha256, version, size, unknown, permissive, users } = policy;
  const tenants = slotsOf(policy);
  return {
    policy: { sha256, version, size, unknown },
    counts: { ...sizesOf(policy, new Ownership(policy, tenants)), typeRules: typeRulesOf(policy) },
    booleans: booleansOf(policy),
    permissive: [...permissive].sort(),
    users: users.sort(byName),
    ports: portsOf(policy),
    capabilities: capabilitiesOf(policy),
    fileSystems: fileSystemsOf(policy),
    slots: [...tenants.tenants.values()].flatMap(([type = ""]) => parseType(type)?.slot ?? []),
  };
}

function typeRulesOf(policy: Policy): number {
  const { rules, filenameTransitions } = policy.counts();
  return rules.type_transition + rules.type_member + rules.type_change + filenameTransitions;
}

const byName = (a: { name: string }, b: { name: string }) => (a.name < b.name ? -1 : 1);

function booleansOf(policy: Policy): PolicySettings["booleans"] {
  const rules = new Map<number, number>();
  const { kind } = policy.conditionalRules;
  for (const { tokens, whenTrue, whenFalse } of policy.conditionals) {
    let count = 0;
    for (const [begin, end] of [whenTrue, whenFalse])
      for (let index = begin; index < end; index++) if (kind[index] === ruleKinds.allow) count += 1;
    const named = new Set(tokens.map(({ boolean }) => boolean).filter((id) => id !== 0));
    for (const id of named) rules.set(id, (rules.get(id) ?? 0) + count);
  }
  return policy.booleans
    .map(({ id, name, state }) => ({ name, state, rules: rules.get(id) ?? 0 }))
    .sort(byName);
}

function portsOf(policy: Policy): Settings["ports"] {
  return policy.labelled.flatMap(({ kind, what, type }) => {
    if (kind !== "port") return [];
    const [number = "", range = ""] = what.split(" ");
    return [{ type: policy.typeName(type), protocol: protocols[number] ?? number, range }];
  });
}

/** Those that are known with those that the policy has beyond. */
function capabilitiesOf(policy: Policy): Settings["capabilities"] {
  const names = new Set([...capabilityNames, ...policy.capabilities]);
  return [...names].map((name) => ({ name, on: policy.capabilities.includes(name) }));
}

function fileSystemsOf(policy: Policy): Settings["fileSystems"] {
  return policy.labelled.flatMap(({ kind, what, type }) => {
    const at = what.indexOf(" ");
    const [first, rest] = [what.slice(0, at), what.slice(at + 1)];
    const of = policy.typeName(type);
    if (kind === "fsuse") return [{ name: rest, path: "", how: first, type: of }];
    if (kind === "genfs") return [{ name: first, path: rest, how: "genfs", type: of }];
    return [];
  });
}
