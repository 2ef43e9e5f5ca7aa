/** What the newest check of labels comes to, in words. */

import type { Check } from "../../../agent/node/contract.ts";
import type { LabelReportPage } from "../../../agent/selinux/labels/answers.ts";
import { _, ngettext } from "../../lib/i18n.ts";

interface StateWords {
  verdict: Check["verdict"];
  sentence: string;
}

/** Good only where all that was looked at is right; what was not looked at is unknown. */
export function stateWords(
  { state, processes, files }: Pick<LabelReportPage, "state" | "processes" | "files">,
  inactive: boolean,
): StateWords {
  const unknown = (sentence: string) => ({ verdict: "unknown" as const, sentence });
  if (state === "never") return unknown(_("Labels were not checked yet."));
  if (state === "failed") return unknown(_("The check of labels broke off."));
  if (state === "wrong") {
    const processesWrong = ngettext(
      "$0 process is in the wrong domain",
      "$0 processes are in the wrong domain",
      processes.wrong,
    );
    const filesWrong = ngettext(
      "$0 file has a wrong label",
      "$0 files have wrong labels",
      files.wrong,
    );
    const found = [processes.wrong > 0 && processesWrong, files.wrong > 0 && filesWrong];
    return { verdict: "bad", sentence: `${found.filter(Boolean).join("; ")}.` };
  }
  if (state === "unknown")
    return unknown(_("Nothing wrong was found, and something could not be looked at."));
  if (inactive)
    return unknown(
      _("What was looked at is labelled right, but SELinux is off: nobody reads labels."),
    );
  return { verdict: "good", sentence: _("All that was looked at is labelled right.") };
}
