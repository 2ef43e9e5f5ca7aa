/** Words for states of the firewall, and for how far a listener can be reached. */
import type { FirewallStatus, Reach } from "../../../agent/node/firewall/answers.ts";
import { _ } from "../../lib/i18n.ts";
import type { TagColor } from "../../lib/tag.tsx";

export const stateColors: Record<FirewallStatus["state"], TagColor> = {
  loaded: "green",
  trial: "orange",
  drift: "red",
  off: "red",
  undeclared: "orange",
  unknown: "grey",
};

export function stateName(state: FirewallStatus["state"]): string {
  const names = {
    loaded: _("loaded"),
    trial: _("on trial"),
    drift: _("differs"),
    off: _("off"),
    undeclared: _("not declared"),
    unknown: _("unknown"),
  };
  return names[state];
}

/** Of a listener that may be reached so: SSH and HTTPS are wanted, others are not. */
export function reachColor(reach: Reach, wanted: boolean): TagColor {
  if (reach === "open") return wanted ? "green" : "red";
  return reach === "unknown" ? "grey" : "blue";
}

export function reachName(reach: Reach): string {
  const names = {
    open: _("open to all"),
    administrators: _("from declared networks"),
    members: _("from members"),
    tenants: _("from tenants here"),
    blocked: _("dropped"),
    loopback: _("this node only"),
    unknown: _("unknown"),
  };
  return names[reach];
}

export function short(policy: string): string {
  return policy.slice(0, 12);
}
