/** What states, events and sections of policies are called. */
import type { BuiltPolicy, DifferenceRow, Origin } from "../../../agent/selinux/loads/answers.ts";
import { _ } from "../../lib/i18n.ts";
import type { TagColor } from "../../lib/tag.tsx";

export const stateColors: Record<BuiltPolicy["state"], TagColor> = {
  loaded: "green",
  pending: "orange",
  installed: "blue",
  kept: "grey",
  removed: "grey",
};

export function stateName(state: BuiltPolicy["state"]): string {
  const names = {
    loaded: _("loaded"),
    pending: _("not confirmed yet"),
    installed: _("for the next start"),
    kept: _("kept"),
    removed: _("removed"),
  };
  return names[state];
}

interface OriginWords {
  color: TagColor;
  name: string;
  means: string;
}

/** Where the loaded policy comes from; that it keeps tenants apart is the proof's matter. */
export function originWords(origin: Origin["origin"]): OriginWords {
  const words: Record<Origin["origin"], OriginWords> = {
    confirmed: {
      ...{ color: "blue", name: _("confirmed") },
      means: _("The loaded policy was built and signed, and a person confirmed that it works."),
    },
    pending: {
      ...{ color: "orange", name: _("on trial") },
      means: _("The loaded policy goes again unless it is confirmed in time."),
    },
    signed: {
      ...{ color: "orange", name: _("signed") },
      means: _("The loaded policy is a signed one, and this agent did not load it."),
    },
    unsigned: {
      ...{ color: "orange", name: _("not signed") },
      means: _("Nobody that this node trusts has signed the loaded policy."),
    },
    none: { color: "grey", name: _("none"), means: _("No policy is loaded.") },
    unknown: {
      ...{ color: "grey", name: _("unknown") },
      means: _("Where the loaded policy comes from could not be found out."),
    },
  };
  return words[origin];
}

export function eventName(event: BuiltPolicy["events"][number]["event"]): string {
  const names = {
    built: _("built"),
    loaded: _("loaded"),
    confirmed: _("confirmed"),
    "rolled back": _("taken back"),
    removed: _("removed"),
  };
  return names[event];
}

export function sectionName(section: DifferenceRow["section"]): string {
  const names = {
    policy: _("Policy"),
    slots: _("Slots"),
    types: _("Types"),
    attributes: _("Attributes"),
    members: _("Members of attributes"),
    rules: _("Rules"),
    transitions: _("Transitions"),
    booleans: _("Booleans"),
    permissive: _("Permissive domains"),
    constraints: _("Constraints"),
    labels: _("Labels"),
    roles: _("Roles and users"),
  };
  return names[section];
}

/** Enough of a hash for people to tell two policies apart; the whole one stands beside it. */
export const short = (hash: string) => hash.slice(0, 12);

/** @param seconds as a clock shows them, for example 1:05 */
export function clock(seconds: number): string {
  const left = Math.max(0, Math.ceil(seconds));
  return `${Math.floor(left / 60)}:${String(left % 60).padStart(2, "0")}`;
}
