import { type Facts, RulePlaces, ruleText } from "./facts.ts";
import { powersOf } from "./permissions.ts";
import { nobody, several } from "./tenants.ts";

/**
 * Every allow rule by itself, those that booleans switch included: none may lead from one tenant
 * to another, out of a tenant's confinement, or from an untrusted host domain into a tenant.
 *
 * A rule about attributes leads from one tenant to another exactly if its sides, as sets of
 * tenants, are not both the same single one. Constraints, levels, roles and bounds of types only
 * take rights away, and extended permissions only narrow `ioctl`, so leaving them out of account
 * finds at least every right that there is.
 */
export function checkAccess(facts: Facts): void {
  const { policy, owners } = facts;
  const places = new RulePlaces(policy);
  const powers = powersOf(policy);
  const hosts = hostMembers(facts);
  const { ofId } = owners;
  places.eachAllow(({ source, target, classId, data }, index, place) => {
    const from = source[index] ?? 0;
    const to = target[index] ?? 0;
    const fromTenant = ofId[from] ?? nobody;
    const toTenant = ofId[to] ?? nobody;
    if (fromTenant === nobody && toTenant === nobody) return;
    if (fromTenant !== nobody && toTenant !== nobody)
      if (fromTenant !== toTenant || fromTenant === several)
        report(facts, "access", places, place, from, to);
    const of = classId[index] ?? 0;
    const vector = data[index] ?? 0;
    if (fromTenant !== nobody && (vector & (powers.control[of] ?? 0)) !== 0)
      checkControl(facts, places, place, from, to, hosts);
    if (toTenant !== nobody && (vector & (powers.entry[of] ?? 0)) !== 0) {
      const host = hosts.untrusted[from] ?? 0;
      if (host !== 0) reportEntry(facts, places, place, host, to);
    }
  });
}

interface Hosts {
  /** By id: a member that is of no tenant, or 0. */
  any: Uint16Array;
  /** By id: a member that is of no tenant and not in the trusted base, or 0. */
  untrusted: Uint16Array;
}

function hostMembers({ policy, owners, trusted }: Facts): Hosts {
  const any = new Uint16Array(policy.typeIds + 1);
  const untrusted = new Uint16Array(policy.typeIds + 1);
  for (let type = 1; type <= policy.typeIds; type++) {
    if ((owners.ofType[type] ?? nobody) >= 0) continue;
    for (const id of policy.membership.idsOf(type)) {
      any[id] = type;
      if (trusted[type] !== 1) untrusted[id] = type;
    }
  }
  return { any, untrusted };
}

/** Processes: over a host domain. What goes to the kernel: over whatever type. */
function checkControl(
  facts: Facts,
  places: RulePlaces,
  place: number,
  from: number,
  to: number,
  hosts: Hosts,
): void {
  const { policy, owners } = facts;
  const source = owners.witness(from) ?? 0;
  const rule = places.describe(place, source, to);
  const target = rule.class === "process" ? (hosts.any[to] ?? 0) : to;
  if (target === 0) return;
  facts.findings.add("escape", () => {
    const tenant = owners.tenantName(owners.ofType[source] ?? nobody);
    const described = places.describe(place, source, target);
    const sentence = `${policy.typeName(source)} of ${tenant} may leave its confinement by way of ${policy.typeName(target)}: ${ruleText(described)}`;
    return { tenants: [tenant], sentence, rule: described };
  });
}

function report(
  { policy, owners, findings }: Facts,
  kind: "access",
  places: RulePlaces,
  place: number,
  from: number,
  to: number,
): void {
  findings.add(kind, () => {
    let source = owners.witness(from) ?? 0;
    let target = owners.witness(to, owners.ofType[source] ?? nobody);
    if (target === undefined) {
      // All of the target's types belong to the tenant that was found first on the other side.
      target = owners.witness(to) ?? 0;
      source = owners.witness(from, owners.ofType[target] ?? nobody) ?? 0;
    }
    const tenants = [source, target].map((type) =>
      owners.tenantName(owners.ofType[type] ?? nobody),
    );
    const rule = places.describe(place, source, target);
    const sentence = `${policy.typeName(source)} of ${tenants[0]} may act on ${policy.typeName(target)} of ${tenants[1]}: ${ruleText(rule)}`;
    return { tenants, sentence, rule };
  });
}

function reportEntry(
  { policy, owners, findings }: Facts,
  places: RulePlaces,
  place: number,
  host: number,
  to: number,
): void {
  findings.add("entry", () => {
    const target = owners.witness(to) ?? 0;
    const tenant = owners.tenantName(owners.ofType[target] ?? nobody);
    const rule = places.describe(place, host, target);
    const sentence = `${policy.typeName(host)}, which is not in the trusted base, may become ${policy.typeName(target)} of ${tenant}: ${ruleText(rule)}`;
    return { tenants: [tenant], sentence, rule };
  });
}
