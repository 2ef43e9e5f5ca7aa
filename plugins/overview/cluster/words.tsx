/** What is said of nodes, in words with a picture: nothing is told by colour alone. */
import GoodIcon from "@patternfly/react-icons/dist/esm/icons/check-circle-icon";
import BadIcon from "@patternfly/react-icons/dist/esm/icons/exclamation-circle-icon";
import WarningIcon from "@patternfly/react-icons/dist/esm/icons/exclamation-triangle-icon";
import UnknownIcon from "@patternfly/react-icons/dist/esm/icons/question-circle-icon";
import type { ClusterNode } from "../../../agent/cluster/answers.ts";
import type { Facts } from "../../../agent/cluster/facts/schema.ts";
import { verdictColors, verdictName } from "../../lib/assurance.tsx";
import { _, relativeTime } from "../../lib/i18n.ts";
import { Tag } from "../../lib/tag.tsx";

export type Verdict = ClusterNode["verdict"];

/** Worst first. */
export const verdictOrder: readonly Verdict[] = ["bad", "warning", "unknown", "good"];

export const verdictIcons = {
  good: GoodIcon,
  warning: WarningIcon,
  bad: BadIcon,
  unknown: UnknownIcon,
};

/** Classes that give a verdict's colour to an edge, beside the words. */
export const edges: Record<Verdict, string> = {
  good: "ov-good",
  warning: "ov-warning",
  bad: "ov-bad",
  unknown: "ov-unknown",
};

export function VerdictTag({ verdict, text }: { verdict: Verdict; text?: string }) {
  return (
    <Tag color={verdictColors[verdict]} icon={verdictIcons[verdict]}>
      {text ?? verdictName(verdict)}
    </Tag>
  );
}

const logVerdicts: Record<ClusterNode["log"]["state"], Verdict> = {
  own: "good",
  witnessed: "good",
  unproven: "warning",
  unreadable: "warning",
  none: "unknown",
  unsigned: "bad",
  rollback: "bad",
  fork: "bad",
  key: "bad",
};

function logName(state: ClusterNode["log"]["state"]): string {
  const names = {
    own: _("this node’s"),
    witnessed: _("only grows"),
    unproven: _("not proven yet"),
    unreadable: _("unreadable"),
    none: _("not shown"),
    unsigned: _("not signed"),
    rollback: _("set back"),
    fork: _("rewritten"),
    key: _("another log"),
  };
  return names[state];
}

export function LogTag({ log: { state, text } }: Pick<ClusterNode, "log">) {
  // A log of its own is told to be wrong by those who have signed it.
  const verdict = state === "own" && text !== "" ? "bad" : logVerdicts[state];
  return <VerdictTag verdict={verdict} text={logName(state)} />;
}

export function proofTag({ proof, current }: Facts["policy"]) {
  if (proof === "refuted") return <VerdictTag verdict="bad" text={_("refuted")} />;
  if (proof === "failed") return <VerdictTag verdict="unknown" text={_("proof failed")} />;
  if (proof === "never") return <VerdictTag verdict="unknown" text={_("not proved")} />;
  if (current === true) return <VerdictTag verdict="good" text={_("proved")} />;
  return <VerdictTag verdict="unknown" text={_("proved, not loaded")} />;
}

/** When it was last heard of, counted by the node that answers. @param at when it answered */
export function heardWords({ state, ageSeconds }: ClusterNode, at: string): string {
  if (state === "own") return _("this node");
  if (ageSeconds === null) return _("never");
  const now = Date.parse(at);
  return relativeTime(new Date(now - ageSeconds * 1000).toISOString(), now);
}
