/** Words for verdicts of residency. What is not proven is never good. */
import type { Residency } from "../../agent/ceph/residency/answers.ts";
import type { Outcome, PoolVerdict } from "../../agent/ceph/residency/verdict.ts";
import type { Check } from "../../agent/node/contract.ts";
import { _, format, ngettext, number } from "./i18n.ts";

export function outcomeName(outcome: Outcome): string {
  const names = {
    proven: _("proven"),
    violated: _("violated"),
    unknown: _("not proven"),
  };
  return names[outcome];
}

/** What of a pool is judged by itself. */
export const parts = ["rule", "copies", "exits"] as const;

export function partName(part: (typeof parts)[number]): string {
  const names = {
    rule: _("what its rule could ever choose"),
    copies: _("where copies are or may be now"),
    exits: _("what is sent elsewhere"),
  };
  return names[part];
}

export function checkOf(outcome: Outcome): Check["verdict"] {
  const verdicts = {
    proven: "good",
    violated: "bad",
    unknown: "unknown",
  } as const;
  return verdicts[outcome];
}

/** @param stale the answer may be older than what is true now */
export function judge({ state, error, map, verdict }: Residency, stale: boolean) {
  const unknown = (sentence: string) => ({
    verdict: "unknown" as const,
    sentence,
  });
  if (stale) return unknown(_("How it is now could not be asked."));
  if (state === "never") return unknown(_("It was not proved yet since the agent started."));
  if (state === "failed" || verdict === null) return unknown(error);
  if (map === 0) return unknown(_("There is no map of jurisdictions, so nothing is proven."));
  const { counts, undemanded } = verdict;
  const words = [
    counts.violated > 0
      ? ngettext(
          "$0 pool leaves or could leave.",
          "$0 pools leave or could leave.",
          counts.violated,
        )
      : "",
    counts.unknown > 0 ? format(_("Not proven of $0."), number(counts.unknown)) : "",
    undemanded.length > 0
      ? ngettext(
          "Of $0 pool nobody said where it must stay.",
          "Of $0 pools nobody said where they must stay.",
          undemanded.length,
        )
      : "",
    ngettext("$0 pool is proven to stay.", "$0 pools are proven to stay.", counts.proven),
  ];
  const sentence = words.filter(Boolean).join(" ");
  const check = checkOf(verdict.verdict);
  // Pools of which nobody said anything may hold anything.
  return {
    verdict: check === "good" && undemanded.length > 0 ? ("warning" as const) : check,
    sentence,
  };
}

/** Pools in which every word occurs: in the name, a jurisdiction or a reason. */
export function matching(pools: readonly PoolVerdict[], text: string): PoolVerdict[] {
  const words = text.toLowerCase().split(/\s+/).filter(Boolean);
  return pools.filter(({ pool, allowed, findings }) => {
    const reasons = findings.map(({ sentence }) => sentence);
    const all = [pool, ...allowed, ...reasons].join("\n").toLowerCase();
    return words.every((word) => all.includes(word));
  });
}
