/** Words for kinds of drills, classes of services, and how long something was gone. */
import type { DrillKind, Drills, ServiceClass } from "../../../agent/cluster/drill/answers.ts";
import { _, format, ngettext, number } from "../../lib/i18n.ts";
import type { TagColor } from "../../lib/tag.tsx";
import type { Row, Verdict } from "./view.ts";

export function kindName(kind: DrillKind): string {
  const names = {
    kill: _("Incus killed"),
    stop: _("Incus stopped"),
    offline: _("cut off"),
  };
  return names[kind];
}

/** What happens, for whoever orders it. */
export function kindMeans(kind: DrillKind, node: string): string {
  const means = {
    kill: _(
      "Incus of $0 is killed, as a fault would, and kept away. Where it leads the cluster’s database, the others have to choose another leader, and writes wait for that. Instances go on running.",
    ),
    stop: _(
      "Incus of $0 is stopped as for planned work, and hands over first what it leads. Instances go on running.",
    ),
    offline: _(
      "What $0 sends and receives passes only to and from other nodes of the cluster. Its tenants cannot be reached from outside, and whoever is logged in there from outside is cut off: log in to another node, and choose $0 there.",
    ),
  };
  return format(means[kind], node);
}

export function serviceName(service: ServiceClass): string {
  const names = {
    writes: _("Writes of the control plane"),
    pages: _("Pages and reads"),
    instances: _("Running instances"),
    storage: _("Storage"),
    keys: _("Keys"),
  };
  return names[service];
}

export function whereName(where: Row["where"]): string {
  return where === "away" ? _("at the node that was away") : _("at the other nodes, the worst");
}

export function duration(ms: number): string {
  return ms < 1000 ? format(_("$0 ms"), number(ms)) : format(_("$0 s"), number(ms / 1000, 1));
}

export const verdictColors: Record<Verdict, TagColor> = {
  ...{ kept: "green", missed: "red", none: "grey" },
};

export function verdictName(verdict: Verdict): string {
  const names = { kept: _("kept"), missed: _("missed"), none: _("no aim") };
  return names[verdict];
}

export function rowWords({ drills, p50Ms, p95Ms, longestMs, aimMs }: Row): string {
  const measured = format(
    _("$0: 95% within $1, half within $2, the longest $3."),
    ngettext("$0 drill", "$0 drills", drills),
    duration(p95Ms),
    duration(p50Ms),
    duration(longestMs),
  );
  return aimMs === null ? measured : `${measured} ${format(_("Aim: $0."), duration(aimMs))}`;
}

type Filed = Drills["drills"][number];

/** What came of one: whether it went as it was to, and whether all told of it. */
export function resultOf({ error, missing, back }: Filed): { color: TagColor; text: string } {
  if (!back) return { color: "red", text: _("did not come back") };
  if (error !== "") return { color: "red", text: _("not as planned") };
  if (missing.length > 0) return { color: "orange", text: _("not all told") };
  return { color: "green", text: _("as planned") };
}
