/** Words for what the contract names by keys. */
import type { SettingRow, SettingSource } from "../../../agent/ceph/settings/answers.ts";
import { _, format, ngettext } from "../../lib/i18n.ts";

export function sourceName(source: SettingSource): string {
  const names = {
    cluster: _("the cluster’s settings"),
    file: _("ceph.conf"),
    override: _("told while running"),
    other: _("command line or environment"),
  };
  return names[source];
}

/** Whom a value is for. */
export function forWhom({ source, section, mask, daemons, daemonCount }: SettingRow): string {
  if (source === "cluster") return mask ? format(_("$0, $1"), section, mask) : section;
  const [only = ""] = daemons;
  return daemonCount === 1 ? only : ngettext("$0 daemon", "$0 daemons", daemonCount);
}

export function levelName(level: string): string {
  const names: Record<string, string> = {
    basic: _("basic"),
    advanced: _("advanced"),
    dev: _("for developers"),
  };
  return names[level] ?? _("unknown");
}
