/** Answers about where a tenant's keys may be. */
import type { Call } from "../../bus/call.ts";
import { DsecosError } from "../../bus/errors.ts";
import type { Answers } from "../area.ts";
import type { Keys } from "../parts.ts";
import type { Guard } from "./guard.ts";
import type { jurisdictionMembers, RulesAnswer } from "./members.ts";
import type { Rules } from "./rules.ts";

export interface JurisdictionParts {
  guard: Guard;
  keys: Pick<Keys, "list">;
  /** Told the tenant whose rules are others now. */
  changed: (tenant: string) => void;
}

export function createJurisdictionAnswers({ guard, keys, changed }: JurisdictionParts) {
  const handlers: Answers<typeof jurisdictionMembers> = {
    Rules: (_call, tenant) => answer(tenant),
    async SetRules(call, tenant, rules) {
      await guard.set(tenant, rules, call.caller.user);
      const now = await answer(tenant);
      call.note({ breaking: now.breaking.map(({ key }) => key) });
      changed(tenant);
      return now;
    },
    async Decide(_call, tenant, { act, token, key, node, recipient }) {
      if ((act === "transfer") !== (recipient !== undefined)) {
        const what = "A recipient's region belongs to a transfer, and only to that.";
        throw new DsecosError("InvalidArgument", what);
      }
      return await guard.decide(tenant, { act, token, key, node, recipient });
    },
  };

  async function answer(tenant: string): Promise<RulesAnswer> {
    const { jurisdiction, kept, rules } = await guard.known(tenant);
    return {
      ...{ tenant, jurisdiction, rules },
      nodeRegion: guard.region,
      ...(kept === undefined ? {} : { set: { at: kept.setAt, by: kept.setBy } }),
      ...(await breaking(tenant, rules)),
    };
  }

  /** Rules can be set while a token is away; then it is said that its keys were not looked at. */
  async function breaking(tenant: string, rules: Rules) {
    try {
      const found = await keys.list(tenant);
      const broken = found
        .filter(({ record }) => record.state !== "destroyed")
        .map(({ record, token }) => ({
          key: record.name,
          region: record.region,
          decision: guard.judge(rules, {
            act: "use",
            token: token.config.region,
            key: record.region,
          }),
        }))
        .filter(({ decision }) => !decision.allowed);
      const rows = broken.map(({ decision, ...rest }) => ({
        ...rest,
        sentence: decision.sentence,
      }));
      return { breaking: rows, unknown: "" };
    } catch (error) {
      if (!(error instanceof DsecosError)) throw error;
      return { breaking: [], unknown: error.message };
    }
  }

  /** An approval of rules holds only for those that they were to replace. */
  const replaced = (_call: Call, tenant: string) => guard.fingerprint(tenant);

  return { handlers, fingerprints: { SetRules: replaced } };
}
