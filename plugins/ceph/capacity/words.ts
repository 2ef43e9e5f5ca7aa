/** Words for figures of room. */
import type { Capacity, Growth, Pool } from "../../../agent/ceph/capacity/answers.ts";
import { _, dateTime, format, ngettext, number, size } from "../../lib/i18n.ts";

export function days(count: number): string {
  if (count < 1) return _("less than a day");
  return ngettext("$0 day", "$0 days", Math.floor(count));
}

export function growthWords({ basis, kibPerDay, samples, since }: Growth): string {
  const pace =
    kibPerDay > 0
      ? format(_("It grows by $0 a day"), size(kibPerDay))
      : kibPerDay < 0
        ? format(_("It shrinks by $0 a day"), size(-kibPerDay))
        : _("It does not grow");
  return basis === "measured"
    ? format(_("$0, measured $1 times since $2."), pace, number(samples), dateTime(since))
    : format(_("$0 on average since the cluster was made on $1."), pace, dateTime(since));
}

export function untilWords({ daysUntilFull, daysUntilNearlyFull }: Growth): string {
  if (daysUntilFull === null) return _("At this pace it is never full.");
  if (daysUntilFull === 0) return _("It is full already.");
  if (daysUntilNearlyFull === 0) {
    return format(_("It is nearly full already, and full in $0."), days(daysUntilFull));
  }
  return daysUntilNearlyFull === null
    ? format(_("At this pace it is full in $0."), days(daysUntilFull))
    : format(
        _("At this pace it is nearly full in $0, and full in $1."),
        days(daysUntilNearlyFull),
        days(daysUntilFull),
      );
}

export function redundancyWords({ kind, size: copies, erasure, mayLose }: Pool): string {
  if (kind === "unknown" || mayLose === null) return _("unknown");
  const form =
    erasure === null
      ? ngettext("$0 copy", "$0 copies", copies)
      : format(_("$0 parts and $1 for repair"), number(erasure.k), number(erasure.m));
  return mayLose === 0
    ? format(_("$0, none may be lost"), form)
    : format(_("$0, $1 may be lost"), form, number(mayLose));
}

/** How full it is in words, by Ceph's own limits. */
export function levelOf(share: number, ratios: Capacity["ratios"]) {
  if (share >= ratios.full) return { color: "red", words: _("full: writes stop") } as const;
  if (share >= ratios.nearlyFull) return { color: "orange", words: _("nearly full") } as const;
  return { color: "green", words: _("room left") } as const;
}
