/** Words and colours for what the contract names by keys. */
import type { OsdState, Sums } from "../../../agent/ceph/topology/answers.ts";
import { _, format, ngettext, number } from "../../lib/i18n.ts";
import type { TagColor } from "../../lib/tag.tsx";

export const osdColors: Record<OsdState, TagColor> = {
  up: "green",
  down: "red",
  out: "orange",
  downAndOut: "red",
  destroyed: "grey",
};

export function osdStateName(state: OsdState): string {
  const names = {
    up: _("up"),
    down: _("down"),
    out: _("out"),
    downAndOut: _("down and out"),
    destroyed: _("destroyed"),
  };
  return names[state];
}

export function typeName(type: string): string {
  const names: Record<string, string> = {
    root: _("root"),
    region: _("region"),
    zone: _("zone"),
    datacenter: _("site"),
    room: _("room"),
    rack: _("rack"),
    chassis: _("chassis"),
    host: _("host"),
    osd: _("OSD"),
    none: _("no place"),
  };
  return names[type] ?? type;
}

/** How many of the OSDs below a bucket are up, and what the others are. */
export function upWords({ osds, up, in: placed, destroyed }: Sums): string {
  if (osds === 0) return _("no OSD");
  const words = [
    up === osds
      ? ngettext("$0 OSD, up", "$0 OSDs, all up", osds)
      : format(_("$0 of $1 OSDs up"), number(up), number(osds)),
  ];
  const out = osds - placed - destroyed;
  if (out > 0) words.push(ngettext("$0 is out", "$0 are out", out));
  if (destroyed > 0) words.push(ngettext("$0 destroyed", "$0 destroyed", destroyed));
  return words.join(", ");
}

export const isWhole = ({ osds, up, in: placed }: Sums): boolean => up === osds && placed === osds;
