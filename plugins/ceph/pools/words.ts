/** Words and colours for what the contract names by keys. */
import type { PoolDetail } from "../../../agent/ceph/pools/answers.ts";
import { _, format, number } from "../../lib/i18n.ts";
import type { TagColor } from "../../lib/tag.tsx";

export const verdictColors: Record<PoolDetail["verdict"], TagColor> = {
  proven: "green",
  violated: "red",
  unknown: "grey",
  undemanded: "grey",
  never: "grey",
};

export function verdictName(verdict: PoolDetail["verdict"]): string {
  const names = {
    proven: _("stays where it must"),
    violated: _("leaves or could leave"),
    unknown: _("not proven"),
    undemanded: _("nobody said where it must stay"),
    never: _("not proved yet"),
  };
  return names[verdict];
}

export function autoscaleName(mode: string): string {
  const names: Record<string, string> = {
    on: _("set by Ceph"),
    warn: _("Ceph warns"),
    off: _("set by people"),
  };
  return names[mode] ?? _("unknown");
}

/** How many groups there are, and what they change to or should. */
export function groupWords({ pgs, pgsTarget, pgsAdvised }: PoolDetail): string {
  if (pgsTarget !== pgs) return format(_("$0, on the way to $1"), number(pgs), number(pgsTarget));
  if (pgsAdvised === null || pgsAdvised === pgs) return number(pgs);
  return format(_("$0; Ceph would have $1"), number(pgs), number(pgsAdvised));
}
