import { ATTRIBUTES, parseType, slotName, slotTypes } from "../policy/names.ts";
import type { Policy } from "../policydb/policy.ts";

/** Which types are whose: what the proof is about. */
export interface TenantTypes {
  /** The types of every tenant, and of every spare slot, by its name; an alias stands for its type. */
  tenants: ReadonlyMap<string, readonly string[]>;
  /** Attributes that only types of tenants may have, so that no type is overlooked. */
  attributes: readonly string[];
}

/**
 * The slots that a policy has, by the names and attributes that the product's generator gives. Each
 * must have all of its types, and an alias counts as a name, since files can be labelled with it.
 */
export function slotsOf(policy: Policy): TenantTypes {
  const slots = new Set<number>();
  for (const [name] of policy.symbols.types.entries()) {
    const parsed = parseType(name);
    if (parsed) slots.add(parsed.slot);
  }
  const tenants = new Map(
    [...slots].map((slot) => [slotName(slot), Object.values(slotTypes(slot))] as const),
  );
  const { all, domains, objects } = ATTRIBUTES;
  // The compiler drops what no rule of access is about; the other two hold the same types together.
  const attributes = policy.typeId(all) === undefined ? [domains, objects] : [all];
  return { tenants, attributes };
}

/** No tenant. */
export const nobody = -1;
/** More than one tenant. */
export const several = -2;

/** Something about the description or the policy that leaves a type without exactly one tenant. */
export interface Misfit {
  type: string;
  tenants: string[];
  sentence: string;
}

/** Whose every type is, and what attributes gather, as numbers for the proof's loops. */
export class Ownership {
  readonly names: readonly string[];
  /** By type: the tenant's number or `nobody`. */
  readonly ofType: Int32Array;
  /** By type or attribute, of the types that rules about it speak about: number, `nobody`, `several`. */
  readonly ofId: Int32Array;
  /** By id: 1 where rules about it speak about the types of one tenant and nothing else. */
  readonly whole: Uint8Array;
  /** How many types belong to a tenant. */
  readonly types: number;
  readonly misfits: readonly Misfit[];
  readonly #policy: Policy;

  constructor(policy: Policy, description: TenantTypes) {
    this.#policy = policy;
    this.names = [...description.tenants.keys()];
    this.ofType = new Int32Array(policy.typeIds + 1).fill(nobody);
    const misfits: Misfit[] = [];
    for (const [number, name] of this.names.entries())
      for (const type of description.tenants.get(name) ?? [])
        this.#claim(number, name, type, misfits);
    for (const attribute of description.attributes) this.#cover(attribute, misfits);
    this.misfits = misfits;
    this.types = this.ofType.reduce((count, tenant) => (tenant >= 0 ? count + 1 : count), 0);
    this.ofId = new Int32Array(policy.typeIds + 1).fill(nobody);
    this.whole = new Uint8Array(policy.typeIds + 1);
    for (let id = 1; id <= policy.typeIds; id++) this.#gather(id);
  }

  tenantName(number: number): string {
    return this.names[number] ?? "";
  }

  /** A member of `id` that belongs to a tenant other than `not`. */
  witness(id: number, not = nobody): number | undefined {
    return this.#policy.membership.membersOf(id).find((type) => {
      const tenant = this.ofType[type] ?? nobody;
      return tenant >= 0 && tenant !== not;
    });
  }

  #claim(number: number, tenant: string, type: string, misfits: Misfit[]): void {
    const id = this.#policy.typeId(type);
    if (id === undefined || this.#policy.isAttribute(id)) {
      const sentence = `${type} of ${tenant} is no type of the policy`;
      misfits.push({ type, tenants: [tenant], sentence });
      return;
    }
    const owner = this.ofType[id] ?? nobody;
    if (owner === number) return;
    if (owner >= 0) {
      const other = this.tenantName(owner);
      const sentence = `${type} is one type for the two tenants ${other} and ${tenant}`;
      misfits.push({ type, tenants: [other, tenant], sentence });
      return;
    }
    this.ofType[id] = number;
  }

  #cover(attribute: string, misfits: Misfit[]): void {
    const id = this.#policy.typeId(attribute);
    if (id === undefined || !this.#policy.isAttribute(id)) {
      const sentence = `the policy has no attribute ${attribute}, which gathers what is of tenants`;
      misfits.push({ type: attribute, tenants: [], sentence });
      return;
    }
    for (const type of this.#policy.membership.membersOf(id)) {
      if ((this.ofType[type] ?? nobody) >= 0) continue;
      const name = this.#policy.typeName(type);
      const sentence = `${name} has the attribute ${attribute} and is of no tenant that is known`;
      misfits.push({ type: name, tenants: [], sentence });
    }
  }

  #gather(id: number): void {
    let found = nobody;
    let whole = true;
    for (const type of this.#policy.membership.membersOf(id)) {
      const tenant = this.ofType[type] ?? nobody;
      if (tenant < 0) whole = false;
      else if (found === nobody) found = tenant;
      else if (tenant !== found) {
        this.ofId[id] = several;
        return;
      }
    }
    this.ofId[id] = found;
    if (whole && found !== nobody) this.whole[id] = 1;
  }
}
