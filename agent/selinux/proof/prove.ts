import { performance } from "node:perf_hooks";
import type { Policy } from "../policydb/policy.ts";
import { ruleKinds } from "../policydb/rules.ts";
import { checkAccess } from "./access.ts";
import { checkChanges } from "./changes.ts";
import type { Facts } from "./facts.ts";
import { Findings } from "./findings.ts";
import { checkFlows } from "./flow.ts";
import { Ownership, type TenantTypes } from "./tenants.ts";
import type { Verdict } from "./verdict.ts";

const kept = 50;

/** The assumptions of the proof. */
export interface Assumptions {
  tenants: TenantTypes;
  /** Types or attributes whose domains are trusted to keep tenants apart. */
  trustedBase: readonly string[];
  /** Host types or attributes that may be written and read by all, since they hold nothing. */
  shared: readonly string[];
}

/**
 * Proves from the binary policy alone that tenants are apart: that no rule, under any state of the
 * booleans, lets a type of one tenant act on a type of another, and that nothing that one tenant
 * writes gets to another over any number of host types, unless through the trusted base or a
 * shared type. It does not know how the policy was made.
 *
 * Constraints, levels, role rules and type bounds are left out of account: the kernel only takes
 * rights away by them, so that what is proved without them holds with them.
 */
export function prove(policy: Policy, assumptions: Assumptions): Verdict {
  const began = performance.now();
  const owners = new Ownership(policy, assumptions.tenants);
  const findings = new Findings(kept);
  const trusted = expand(policy, assumptions.trustedBase);
  const shared = expand(policy, assumptions.shared);
  const facts: Facts = { policy, owners, trusted: trusted.types, shared: shared.types, findings };
  for (const misfit of owners.misfits) findings.add("description", () => misfitViolation(misfit));
  checkLists(facts);
  checkPermissive(facts);
  checkAccess(facts);
  const typeRules = checkChanges(facts);
  const reached = checkFlows(facts);
  return {
    proved: findings.total === 0,
    policy: {
      ...{ sha256: policy.sha256, version: policy.version, size: policy.size },
      unknown: policy.unknown,
    },
    counts: { ...sizesOf(policy, owners), typeRules },
    trustedBase: [...assumptions.trustedBase],
    shared: [...assumptions.shared],
    unneeded: {
      trustedBase: trusted.unneeded(reached),
      shared: shared.unneeded(reached),
    },
    permissive: policy.permissive,
    violations: findings.list,
    totals: findings.totals,
    total: findings.total,
    milliseconds: performance.now() - began,
  };
}

function misfitViolation({ tenants, sentence }: { tenants: string[]; sentence: string }) {
  return { tenants, sentence };
}

interface Expanded {
  types: Uint8Array;
  unneeded(reached: Uint8Array): string[];
}

/** The types behind names of types, aliases and attributes. */
function expand(policy: Policy, names: readonly string[]): Expanded {
  const types = new Uint8Array(policy.typeIds + 1);
  const behind = names.map((name): readonly [string, readonly number[]] => {
    const id = policy.typeId(name);
    if (id === undefined) return [name, []];
    return [name, policy.isAttribute(id) ? [...policy.membership.membersOf(id)] : [id]];
  });
  for (const [, ids] of behind) for (const id of ids) types[id] = 1;
  return {
    types,
    unneeded: (reached) =>
      behind.filter(([, ids]) => !ids.some((id) => reached[id] === 1)).map(([name]) => name),
  };
}

/** A tenant's type among those where the proof does not look further would hide what it does. */
function checkLists({ policy, owners, trusted, shared, findings }: Facts): void {
  for (const [list, types] of [
    ["trusted base", trusted],
    ["list of shared types", shared],
  ] as const)
    for (let type = 1; type <= policy.typeIds; type++) {
      const tenant = owners.ofType[type] ?? -1;
      if (types[type] !== 1 || tenant < 0) continue;
      const name = owners.tenantName(tenant);
      const sentence = `${policy.typeName(type)} of ${name} is in the ${list}`;
      findings.add("description", () => ({ tenants: [name], sentence }));
    }
}

function checkPermissive({ policy, owners, trusted, findings }: Facts): void {
  for (const id of policy.permissiveIds) {
    if (trusted[id] === 1) continue;
    findings.add("permissive", () => {
      const tenant = owners.ofType[id] ?? -1;
      const of = tenant < 0 ? "outside the trusted base" : `of ${owners.tenantName(tenant)}`;
      const sentence = `${policy.typeName(id)} ${of} is permissive: the kernel refuses it nothing`;
      return { tenants: tenant < 0 ? [] : [owners.tenantName(tenant)], sentence };
    });
  }
}

/** How much there is of what the proof is about, but for rules that give types. */
export function sizesOf(policy: Policy, owners: Ownership) {
  const { rules, conditionalRules } = policy;
  const isAllow = (kind: number): boolean => kind === ruleKinds.allow;
  return {
    tenants: owners.names.length,
    tenantTypes: owners.types,
    types: policy.typeNames.length,
    attributes: policy.attributeNames.length,
    typeIds: policy.typeIds,
    allowRules: rules.kind.filter(isAllow).length,
    conditionalRules: conditionalRules.kind.filter(isAllow).length,
  };
}
