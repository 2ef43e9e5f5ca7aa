/** Whether tenants are kept apart, and how SELinux runs: what a newcomer has to know first. */
import type { SelinuxStatus } from "../../agent/selinux/answers.ts";
import { Mode } from "./mode.tsx";
import { ProveNow } from "./prove-now.tsx";
import { Verdict } from "./verdict.tsx";

/** @param stale the agent could not be asked again */
export function OverviewTab({ status, stale }: { status: SelinuxStatus; stale: boolean }) {
  return (
    <div className="ds-stack">
      <Verdict status={status} stale={stale}>
        <ProveNow />
      </Verdict>
      <Mode facts={status.mode} />
    </div>
  );
}
