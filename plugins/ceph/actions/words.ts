/** Words for what can be done, and for what is said of it before and after. */
import type { Change, Comparison, Prediction } from "../../../agent/ceph/actions/answers.ts";
import { _, format, ngettext, number, percent, size } from "../../lib/i18n.ts";
import type { TagColor } from "../../lib/tag.tsx";

/** What a change is, as somebody would tell it. */
export function changeWords(change: Change): string {
  const { what, osd = 0, weight = 0, bucket = "", to = "", pool = "", rule = "" } = change;
  const name = `osd.${osd}`;
  const words = {
    out: () => format(_("$0 out"), name),
    in: () => format(_("$0 in"), name),
    reweight: () => format(_("$0 reweighted to $1"), name, number(weight, 2)),
    crushReweight: () => format(_("$0 with the weight $1"), name, number(weight, 4)),
    move: () => format(_("$0 moved into $1"), bucket, to),
    rule: () => format(_("$0 placed by $1"), pool, rule),
  };
  return words[what]();
}

export const residencyColors: Record<Prediction["residency"]["verdict"], TagColor> = {
  holds: "green",
  breaks: "red",
  unknown: "grey",
};

export function residencyName(verdict: Prediction["residency"]["verdict"]): string {
  const names = {
    holds: _("data stays in its jurisdictions"),
    breaks: _("data could be elsewhere"),
    unknown: _("unknown"),
  };
  return names[verdict];
}

/** How much is copied; never a figure where none is known. */
export function movedWords({ state, basis, movedKiB, movedObjects, groups }: Prediction): string {
  if (state === "unknown") return _("unknown");
  if (groups.moved === 0) return _("none");
  const amount = basis === "average" ? format(_("about $0"), size(movedKiB)) : size(movedKiB);
  const where = ngettext("$0 placement group", "$0 placement groups", groups.moved);
  return format(_("$0, $1 objects, in $2"), amount, number(movedObjects), where);
}

export function fullestWords({ state, fullest }: Prediction): string {
  if (state === "unknown" || fullest === null) return _("unknown");
  return format(_("osd.$0, $1 full"), fullest.osd, percent(fullest.shareAfter));
}

/** What becomes of the number of copies. */
export function copiesWords({ state, groups }: Prediction): { words: string; bad: boolean } {
  if (state === "unknown") return { words: _("unknown"), bad: false };
  if (groups.belowMinimum > 0) {
    const words = ngettext(
      "$0 placement group would have too few copies to serve",
      "$0 placement groups would have too few copies to serve",
      groups.belowMinimum,
    );
    return { words, bad: true };
  }
  if (groups.short > 0) {
    const words = ngettext(
      "$0 placement group would find no place for every copy",
      "$0 placement groups would find no place for every copy",
      groups.short,
    );
    return { words, bad: true };
  }
  if (groups.unknown > 0) {
    const words = ngettext(
      "as many as now; unknown for $0 placement group that was placed by hand",
      "as many as now; unknown for $0 placement groups that were placed by hand",
      groups.unknown,
    );
    return { words, bad: false };
  }
  return { words: _("as many as now"), bad: false };
}

export const comparisonColors: Record<Comparison["state"], TagColor> = {
  waiting: "blue",
  compared: "blue",
  finished: "green",
  failed: "grey",
};

export function comparisonName({ state }: Comparison): string {
  const names = {
    waiting: _("waits for the cluster"),
    compared: _("data moves"),
    finished: _("finished"),
    failed: _("not compared"),
  };
  return names[state];
}

/** Where groups are, beside where they were said to be. */
export function sameWords({ state, same, different }: Comparison): string {
  if (state === "waiting" || state === "failed") return _("unknown");
  return different === 0
    ? ngettext("$0, as predicted", "$0, all as predicted", same)
    : format(_("$0 as predicted, $1 elsewhere"), number(same), number(different));
}

/** What the agent does for nobody, whoever approves it; empty where it does it. */
export function refusalOf({ residency, passes }: Prediction): string {
  if (residency.verdict === "breaks") {
    return _("Data would leave where it must stay, and nobody can approve that.");
  }
  const [full] = passes.full;
  if (full === undefined) return "";
  return format(
    _(
      "osd.$0 would be full and all writing would stop, which nobody can approve. Make room first.",
    ),
    full,
  );
}
