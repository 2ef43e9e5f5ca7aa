/** What states of ceremonies are called, and where each has its address. */
import type { CeremonyRow } from "../../../agent/hsm/ceremony/answers.ts";
import { _ } from "../../lib/i18n.ts";
import type { TagColor } from "../../lib/tag.tsx";

export const ceremoniesKey = "ceremonies";

export function ceremonyAddress(id: string): string {
  return `#/${ceremoniesKey}/${id}`;
}

export function stateName(state: CeremonyRow["state"]): string {
  const names = { running: _("under way"), complete: _("complete"), aborted: _("aborted") };
  return names[state];
}

export const stateColors: Record<CeremonyRow["state"], TagColor> = {
  running: "blue",
  complete: "green",
  aborted: "red",
};

/** Sixteen characters at a time, which people can compare. */
export function inGroups(hexadecimal: string): string {
  return (hexadecimal.match(/.{1,16}/g) ?? []).join(" ");
}
