import type { Policy } from "../../agent/selinux/policydb/policy.ts";
import { type Assumptions, prove } from "../../agent/selinux/proof/prove.ts";
import type { TenantTypes } from "../../agent/selinux/proof/tenants.ts";

const rounds = 100;

/**
 * A trusted base and a list of shared types under which a policy without a leak is proved: every
 * domain that carries information of tenants is trusted, every other such type shared. Debian's
 * whole policy has far too many of them; a real node's lists are made by people.
 */
export function assume(policy: Policy, tenants: TenantTypes, trusted: string[]): Assumptions {
  const [trustedBase, shared]: [string[], string[]] = [[...trusted], []];
  for (let round = 0; round < rounds; round++) {
    const { violations } = prove(policy, { tenants, trustedBase, shared });
    const flows = violations.filter(({ kind }) => kind === "flow");
    const carriers = new Set(flows.flatMap(({ path }) => path?.[0]?.to ?? []));
    if (carriers.size === 0) return { tenants, trustedBase, shared };
    for (const name of carriers)
      (policy.attributesOf(name).includes("domain") ? trustedBase : shared).push(name);
  }
  throw new Error(`no assumptions were found in ${rounds} rounds`);
}
