/** Words and colours for what the contract names by keys. */
import type { DeviceRow, Outlook } from "../../../agent/ceph/devices/answers.ts";
import { _ } from "../../lib/i18n.ts";
import type { TagColor } from "../../lib/tag.tsx";

export const outlookColors: Record<Outlook, TagColor> = {
  failing: "red",
  soon: "orange",
  unknown: "grey",
  none: "grey",
  good: "green",
};

export function outlookName(outlook: Outlook): string {
  const names = {
    failing: _("fails within four weeks"),
    soon: _("fails within twelve weeks"),
    unknown: _("not foretold"),
    none: _("no disk"),
    good: _("not expected to fail"),
  };
  return names[outlook];
}

export function kindWords({ store, rotates }: DeviceRow): string {
  if (store === "memstore") return _("memory");
  if (rotates === null) return _("unknown");
  return rotates ? _("turning disk") : _("flash");
}
