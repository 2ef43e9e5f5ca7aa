/** Pools and rules, with the jurisdictions that the signed map gives them. */
import { DsecosError, sentenceFor } from "../../bus/errors.ts";
import type { Answers } from "../area.ts";
import type { Core } from "../core.ts";
import type { Residency } from "../residency/answers.ts";
import type { JurisdictionMap } from "../residency/map/document.ts";
import type { poolMembers } from "./members.ts";
import type { Ground } from "./question.ts";
import type { Proof } from "./rows.ts";

interface PoolParts {
  /** The signed map that holds. @throws DsecosError where there is none that can be believed */
  map: () => Promise<JurisdictionMap>;
  /** The newest proof. */
  residency: () => Residency;
}

export function createPools({ facts }: Core, parts: PoolParts): Answers<typeof poolMembers> {
  async function ground(): Promise<Ground> {
    try {
      const { buckets } = await parts.map();
      const none =
        "There is no map of jurisdictions, so which of them a rule reaches is not known.";
      return { map: { buckets }, mapProblem: buckets.length === 0 ? none : "" };
    } catch (error) {
      if (!(error instanceof DsecosError)) throw error;
      return { map: null, mapProblem: sentenceFor(error) };
    }
  }
  return {
    async Pools(_call, filter) {
      const ask = { filter, proof: proofOf(parts.residency()), ...(await ground()) };
      return await facts.ask("pools", ask);
    },
    async Rules(_call, filter) {
      return await facts.ask("rules", { filter, ...(await ground()) });
    },
  };
}

function proofOf({ verdict }: Residency): Proof | null {
  if (verdict === null) return null;
  return {
    pools: verdict.pools.map(({ id, allowed, verdict: each }) => ({ id, allowed, verdict: each })),
  };
}
