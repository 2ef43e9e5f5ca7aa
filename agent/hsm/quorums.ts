/**
 * Who must approve what is done to a tenant's keys: its own rules say so. Read anew each time, since
 * an approval holds for one quorum; where they cannot be read, nothing is done.
 */
import type { People } from "../approvals/people.ts";
import { checkQuorum, idsOf, type QuorumSetting, settingOf } from "../approvals/quorum.ts";
import type { Call } from "../bus/call.ts";
import type { QuorumRule } from "../bus/dispatch.ts";
import type { Rules } from "./jurisdiction/rules.ts";
import type { Tokens } from "./parts.ts";
import { nodeOwner } from "./pki/answers.ts";

export interface QuorumParts {
  people: People;
  tokens: Pick<Tokens, "get">;
  /** What the tenant's rules say; undefined where they say nothing. @throws NotFound, Unavailable */
  quorum: (tenant: string) => Promise<QuorumSetting | undefined>;
}

/** Where no rule says more: any other officer. */
const oneOfficer = { needed: 1 };

/** @returns what says who must approve for a tenant; nothing of it is checked yet */
export function createTenantRule(
  quorum: QuorumParts["quorum"],
): (tenant: string) => Promise<unknown> {
  return async (tenant) => {
    if (tenant === "" || tenant === nodeOwner) return oneOfficer;
    const set = await quorum(tenant);
    return set === undefined ? oneOfficer : settingOf(set);
  };
}

export function createQuorums({ people, tokens, quorum }: QuorumParts): Record<string, QuorumRule> {
  const rule = createTenantRule(quorum);
  const ofTenant = (_call: Call, tenant: string): Promise<unknown> => rule(tenant);
  const ofToken = async (call: Call, id: string): Promise<unknown> =>
    ofTenant(call, (await tokens.get(id)).tenant);
  return {
    Destroy: ofTenant,
    Transfer: ofTenant,
    CreateAuthority: ofTenant,
    IssueAgency: ofTenant,
    RevokeAuthority: ofTenant,
    RollAuthority: ofTenant,
    ResetPin: ofToken,
    RetryPin: ofToken,
    ForgetToken: ofToken,
    /** The quorum of before decides about the one that follows, which must be one. */
    async SetRules(call: Call, tenant: string, rules: Rules) {
      if (rules.quorum !== undefined) {
        checkQuorum(settingOf(rules.quorum), idsOf(call.caller), await people.officers());
      }
      return ofTenant(call, tenant);
    },
  };
}
