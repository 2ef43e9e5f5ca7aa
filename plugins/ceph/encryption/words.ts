/** Words and colours for what the contract names by keys. */
import type { FlightState, RestState } from "../../../agent/ceph/encryption/answers.ts";
import { _ } from "../../lib/i18n.ts";
import type { TagColor } from "../../lib/tag.tsx";

/** A key that is kept is no device that was looked at: blue, and never green. */
export const restColors: Record<RestState, TagColor> = {
  keyKept: "blue",
  plain: "red",
  memory: "orange",
  unknown: "grey",
};

export function restName(state: RestState): string {
  const names = {
    keyKept: _("encrypted, as Ceph says"),
    plain: _("not encrypted"),
    memory: _("in memory"),
    unknown: _("unknown"),
  };
  return names[state];
}

export const flightColors: Record<FlightState, TagColor> = {
  required: "green",
  optional: "orange",
  offered: "red",
  unknown: "grey",
};

export function flightName(state: FlightState): string {
  const names = {
    required: _("encryption required"),
    optional: _("encryption optional"),
    offered: _("takes plain connections"),
    unknown: _("unknown"),
  };
  return names[state];
}
