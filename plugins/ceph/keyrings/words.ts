/** Words and colours for what the contract names by keys. */
import type { Holder, Strength } from "../../../agent/ceph/keyrings/answers.ts";
import { _ } from "../../lib/i18n.ts";
import type { TagColor } from "../../lib/tag.tsx";

export const strengthColors: Record<Strength, TagColor> = {
  admin: "red",
  unclear: "orange",
  tenants: "orange",
  operates: "blue",
  limited: "grey",
};

export function strengthName(strength: Strength): string {
  const names = {
    admin: _("as strong as the admin’s"),
    unclear: _("not understood"),
    tenants: _("reaches tenants’ data"),
    operates: _("changes the cluster"),
    limited: _("limited"),
  };
  return names[strength];
}

export function holderName(holder: Holder): string {
  const names = {
    daemon: _("a daemon of the cluster"),
    bootstrap: _("for making daemons"),
    admin: _("the admin"),
    agent: _("this agent"),
    tenant: _("a tenant"),
    client: _("somebody else"),
  };
  return names[holder];
}
