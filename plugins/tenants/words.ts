/** Words and colours for what the contract names by keys. */
import type { Tenant, TenantState } from "../../agent/tenants/contract.ts";
import { _ } from "../lib/i18n.ts";
import type { TagColor } from "../lib/tag.tsx";

export const stateColors: Record<TenantState, TagColor> = {
  active: "green",
  suspended: "orange",
  deleting: "red",
};

export function stateName(state: TenantState): string {
  const names = {
    active: _("active"),
    suspended: _("suspended"),
    deleting: _("being deleted"),
  };
  return names[state];
}

type Classification = Tenant["classification"];

export const classificationColors: Record<Classification, TagColor> = {
  unclassified: "grey",
  official: "blue",
  restricted: "teal",
  confidential: "purple",
  secret: "orange",
  "top-secret": "red",
};

export function classificationName(classification: Classification): string {
  const names = {
    unclassified: _("unclassified"),
    official: _("official"),
    restricted: _("restricted"),
    confidential: _("confidential"),
    secret: _("secret"),
    "top-secret": _("top secret"),
  };
  return names[classification];
}
