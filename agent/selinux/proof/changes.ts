import { type RuleKind, type RuleTable, ruleKinds } from "../policydb/rules.ts";
import { eachSource } from "../policydb/transitions.ts";
import type { Facts } from "./facts.ts";
import { nobody, several } from "./tenants.ts";

const typeRules: ReadonlyMap<number, RuleKind> = new Map([
  [ruleKinds.type_transition, "type_transition"],
  [ruleKinds.type_member, "type_member"],
  [ruleKinds.type_change, "type_change"],
]);

/**
 * What gives new processes and objects their types, roles and ranges. Such a rule gives no right
 * by itself, but what comes out of it must belong to the tenant whom it came from: a new type of a
 * tenant only from that tenant's own domain or object, never from another's or from shared ones.
 * The trusted base may also tell tenants apart by the name of what it makes.
 *
 * @returns how many rules give a type
 */
export function checkChanges(facts: Facts): number {
  const { policy } = facts;
  const unconditional = checkTable(facts, policy.rules);
  const conditional = checkTable(facts, policy.conditionalRules);
  const byName = checkNames(facts);
  checkRoles(facts);
  checkRanges(facts);
  checkLabels(facts);
  return unconditional + conditional + byName;
}

function checkTable(facts: Facts, rules: RuleTable): number {
  const { policy } = facts;
  let count = 0;
  for (let index = 0; index < rules.length; index++) {
    const kind = typeRules.get(rules.kind[index] ?? 0);
    if (kind === undefined) continue;
    count++;
    const [source, target] = [rules.source[index] ?? 0, rules.target[index] ?? 0];
    const newType = rules.data[index] ?? 0;
    if (fits(facts, source, target, newType)) continue;
    const of = policy.className(rules.classId[index] ?? 0);
    report(facts, source, target, newType, () => `${kind} ${pair(facts, source, target, of)}`);
  }
  return count;
}

function checkNames(facts: Facts): number {
  const { policy } = facts;
  let count = 0;
  for (const transition of policy.filenameTransitions)
    eachSource(transition, (source) => {
      count++;
      const { target, newType, name } = transition;
      if (fits(facts, source, target, newType, true)) return;
      const of = policy.className(transition.classId);
      const text = () => `type_transition ${pair(facts, source, target, of)}`;
      report(facts, source, target, newType, text, ` "${name}"`);
    });
  return count;
}

function pair({ policy }: Facts, source: number, target: number, of: string): string {
  return `${policy.typeName(source)} ${policy.typeName(target)}:${of}`;
}

/** @param named whether it is about one name, which who makes the object has to know */
function fits(
  { policy, owners, trusted }: Facts,
  source: number,
  target: number,
  newType: number,
  named = false,
): boolean {
  const result = owners.ofId[newType] ?? nobody;
  const from = owners.ofId[source] ?? nobody;
  const at = owners.ofId[target] ?? nobody;
  if (result === nobody) return from < 0 || at < 0 || from === at;
  if (result === several) return false;
  if (named && at === nobody && from === nobody)
    return policy.membership.membersOf(source).every((type) => trusted[type] === 1);
  if (from !== result && at !== result) return false;
  return (from === result || from === nobody) && (at === result || at === nobody);
}

function report(
  { policy, owners, findings }: Facts,
  source: number,
  target: number,
  newType: number,
  text: () => string,
  after = "",
): void {
  findings.add("transition", () => {
    const ids = [source, target, newType].map((id) => owners.witness(id));
    const numbers = ids.map((id) => (id === undefined ? nobody : (owners.ofType[id] ?? nobody)));
    const tenants = [...new Set(numbers.filter((number) => number >= 0))].map((number) =>
      owners.tenantName(number),
    );
    const rule = `${text()} ${policy.typeName(newType)}${after};`;
    return { tenants, sentence: `what is new gets a type that is not its tenant's: ${rule}` };
  });
}

/** A new role that may have types of tenants, and none of the tenant whose file was executed. */
function checkRoles({ policy, owners, findings }: Facts): void {
  for (const { role, type, newRole } of policy.roleTransitions) {
    const tenant = owners.ofId[type] ?? nobody;
    if (tenant < 0) continue;
    let own = false;
    let other = nobody;
    policy.role(newRole)?.types.each((bit) => {
      const of = owners.ofType[bit + 1] ?? nobody;
      if (of === tenant) own = true;
      else if (of >= 0) other = of;
    });
    if (own || other === nobody) continue;
    findings.add("transition", () => {
      const { roles } = policy.symbols;
      const rule = `role_transition ${roles.name(role)} ${policy.typeName(type)} ${roles.name(newRole)};`;
      const tenants = [owners.tenantName(tenant), owners.tenantName(other)];
      return { tenants, sentence: `a process gets a role of another tenant: ${rule}` };
    });
  }
}

/** A range for what one tenant starts from a file of another. */
function checkRanges({ policy, owners, findings }: Facts): void {
  for (const { source, target, classId } of policy.rangeTransitions) {
    const from = owners.ofId[source] ?? nobody;
    const at = owners.ofId[target] ?? nobody;
    if (from === nobody || at === nobody || (from === at && from !== several)) continue;
    findings.add("transition", () => {
      const [one, other] = [owners.witness(source) ?? 0, owners.witness(target) ?? 0];
      const tenants = [one, other].map((id) => owners.tenantName(owners.ofType[id] ?? nobody));
      const names = `${policy.typeName(source)} ${policy.typeName(target)}`;
      const rule = `range_transition ${names}:${policy.className(classId)};`;
      return { tenants, sentence: `a range is given across two tenants: ${rule}` };
    });
  }
}

/** What the policy labels is the host's: a port, a path of /proc, whatever has no label. */
function checkLabels({ policy, owners, findings }: Facts): void {
  for (const { kind, what, type } of policy.labelled) {
    const tenant = owners.ofType[type] ?? nobody;
    if (tenant < 0) continue;
    findings.add("label", () => {
      const name = owners.tenantName(tenant);
      const object = what === "" ? kind : `${kind} ${what}`;
      const sentence = `the policy labels the host's ${object} with ${policy.typeName(type)} of ${name}`;
      return { tenants: [name], sentence };
    });
  }
}
