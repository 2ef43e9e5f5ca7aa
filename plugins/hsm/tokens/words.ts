/** Words and colours for what the contract names by keys. */
import type { TokenRow, TokenState } from "../../../agent/hsm/tokens/answers.ts";
import { _, number } from "../../lib/i18n.ts";
import type { TagColor } from "../../lib/tag.tsx";

export const tokenColors: Record<TokenState, TagColor> = {
  ready: "green",
  absent: "red",
  uninitialized: "orange",
  pinWrong: "red",
  pinLocked: "red",
  driverDown: "orange",
  elsewhere: "grey",
};

export function tokenStateName(state: TokenState): string {
  const names = {
    ready: _("works"),
    absent: _("absent"),
    uninitialized: _("empty"),
    pinWrong: _("PIN refused"),
    pinLocked: _("PIN locked"),
    driverDown: _("driver does not work"),
    elsewhere: _("on another node"),
  };
  return names[state];
}

/** What cannot be read is unknown, and never none. */
export function keysOf({ keys, state }: TokenRow): string {
  if (keys !== null) return number(keys);
  return state === "ready" ? _("not read yet") : _("unknown");
}

export function ownerOf({ tenant, label }: TokenRow): string {
  if (tenant) return tenant;
  if (label === "=node") return _("this node");
  if (label === "=rehearsal") return _("rehearsals");
  return _("nobody’s");
}
