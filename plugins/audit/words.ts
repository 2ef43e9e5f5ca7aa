/** What the agent's short words mean, for people. */

import type { PartState } from "../../agent/audit/answers.ts";
import type { AuditEntry } from "../../agent/audit/entry.ts";
import { _ } from "../lib/i18n.ts";
import type { TagColor } from "../lib/tag.tsx";
import type { Span, TextFilter } from "./view.ts";

export const stateColors: Record<PartState, TagColor> = {
  ok: "green",
  warning: "orange",
  alarm: "red",
  unknown: "grey",
};

export function stateName(state: PartState): string {
  const names = { ok: _("good"), warning: _("weak"), alarm: _("bad"), unknown: _("not checked") };
  return names[state];
}

/** Facets and the state of sources name them as text; what is not known is shown as it is. */
export function sourceName(source: AuditEntry["source"] | (string & {})): string {
  const names: Record<string, string> = {
    agent: _("DsecOS agent"),
    auditd: _("Kernel audit"),
    journal: _("System journal"),
    incus: _("Incus"),
    log: _("The record itself"),
  };
  return names[source] ?? source;
}

export function filterName(filter: TextFilter): string {
  const names = {
    tenant: _("Tenant"),
    actor: _("Who"),
    action: _("What"),
    source: _("Source"),
    outcome: _("Outcome"),
    object: _("Object"),
    flow: _("Data flow"),
    text: _("Text"),
  };
  return names[filter];
}

export function spanName(span: Span | ""): string {
  const names = {
    "": _("All times"),
    hour: _("Last hour"),
    day: _("Last 24 hours"),
    week: _("Last 7 days"),
    month: _("Last 30 days"),
  };
  return names[span];
}
