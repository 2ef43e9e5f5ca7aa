/** Labels of what runs and of what lies on the disk: checked, told and restored. */
import type { Call } from "../../bus/call.ts";
import type { DenialGroup } from "../denials/groups.ts";
import type { LabelFilter, LabelReportPage } from "./answers.ts";
import { LabelChecks, type LabelParts } from "./checks.ts";
import { Culprits } from "./culprits.ts";
import { countBySlot, pageOfReport } from "./report.ts";
import { type RestoreParts, startRestore } from "./restore.ts";

export interface LabelServiceParts extends LabelParts, Pick<RestoreParts, "allowed"> {}

export function createLabels(parts: LabelServiceParts) {
  const checks = new LabelChecks(parts);
  const culprits = new Culprits(parts, () => checks.last.files.list);
  const told = (path: string) =>
    checks.last.files.list.some((file) => file.path === path) || culprits.has(path);
  const start = async ({ caller, member }: Call): Promise<string> =>
    checks.start(member, caller.user, caller.uid);
  return {
    handlers: {
      Labels: start,
      LabelReport: async (_call: Call, filter: LabelFilter): Promise<LabelReportPage> =>
        pageOfReport(checks.last, filter),
      Restore: (call: Call, paths: string[]): Promise<string> =>
        startRestore({ ...parts, told }, call, paths),
    },
    /** Of each group's files, those that have another label than they should. */
    mislabelledOf: (groups: readonly DenialGroup[]) => culprits.of(groups),
    mislabelled: () => countBySlot(checks.last),
    begin: () => checks.begin(),
    end: () => checks.end(),
  };
}
