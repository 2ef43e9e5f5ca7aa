/** Words and colours for what the contract names by keys, and the verdict on it all. */
import type { CephHealth, HealthCheck } from "../../../agent/ceph/health/answers.ts";
import type { Check } from "../../../agent/node/contract.ts";
import { _, ngettext } from "../../lib/i18n.ts";
import type { TagColor } from "../../lib/tag.tsx";

type Severity = HealthCheck["severity"];

export const severityColors: Record<Severity, TagColor> = {
  ok: "green",
  warning: "orange",
  error: "red",
};

export function severityName(severity: Severity): string {
  const names = { ok: _("good"), warning: _("warning"), error: _("error") };
  return names[severity];
}

export interface Judgement {
  verdict: Check["verdict"];
  sentence: string;
}

/**
 * @param stale the answer may be older than what is true now
 * @param silent of its daemons, those that do not answer, which the cluster may not know yet
 */
export function judge({ severity, checks }: CephHealth, stale: boolean, silent: number): Judgement {
  if (stale) {
    return { verdict: "unknown", sentence: _("How the cluster is now could not be asked.") };
  }
  const open = checks.filter(({ muted }) => !muted);
  const muted = checks.length - open.length;
  const words =
    open.length === 0
      ? _("The cluster says that nothing is wrong.")
      : ngettext(
          "The cluster says that $0 thing is wrong:",
          "The cluster says that $0 things are wrong:",
          open.length,
        );
  const sentence = [
    silent > 0
      ? ngettext(
          "$0 daemon does not answer this node, as said above.",
          "$0 daemons do not answer this node, as said above.",
          silent,
        )
      : "",
    words,
    open.length > 0 ? `${open.map(({ title }) => title).join(" · ")}.` : "",
    muted > 0
      ? ngettext(
          "$0 more is muted, so Ceph does not count it.",
          "$0 more are muted, so Ceph does not count them.",
          muted,
        )
      : "",
  ];
  const verdicts = {
    ok: muted > 0 || silent > 0 ? "warning" : "good",
    warning: "warning",
    error: "bad",
  } as const;
  return { verdict: verdicts[severity], sentence: sentence.filter(Boolean).join(" ") };
}
