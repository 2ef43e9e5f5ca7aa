/** The newest proof: what speaks against it, of which policy it is, and what it takes for granted. */
import type { Proof } from "../../agent/selinux/answers.ts";
import { Command } from "../lib/help.tsx";
import { _ } from "../lib/i18n.ts";
import { Nothing } from "../lib/states.tsx";
import { Assumptions } from "./assumptions.tsx";
import { LookedAt, ProvedPolicy } from "./policy.tsx";
import { Violations } from "./violations.tsx";
import { proveFile } from "./words.ts";

/** @param inactive no policy is loaded */
export function ProofTab({ proof, inactive }: { proof: Proof; inactive: boolean }) {
  const { policy, counts } = proof;
  if (!policy || !counts) return <NoProof inactive={inactive} />;
  return (
    <div className="ds-stack">
      <Violations proof={proof} />
      <div className="ds-panels">
        <ProvedPolicy policy={policy} />
        <LookedAt counts={counts} />
      </div>
      <Assumptions proof={proof} />
    </div>
  );
}

/** Why there is none stands in the verdict. */
function NoProof({ inactive }: { inactive: boolean }) {
  return (
    <section className="ds-panel">
      <Nothing title={inactive ? _("There is no loaded policy to prove") : _("There is no proof")}>
        <div className="ds-stack">
          <p>{_("A policy in a file can be proved on any machine, before anything loads it:")}</p>
          <Command text={proveFile} />
        </div>
      </Nothing>
    </section>
  );
}
