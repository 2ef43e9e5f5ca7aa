import { clockSeconds } from "../../view.ts";
import type { Invitation } from "../invitation.ts";
import type { Knock } from "../peer.ts";
import { bad, type Found, good, unknown } from "./check.ts";

const remedy =
  "Set the wrong clock, and let both be kept: systemctl enable --now systemd-timesyncd";

/** @param now this node's time, in milliseconds since 1970 */
export function clock(
  { at, peer }: Pick<Invitation, "at" | "peer">,
  knock: Knock,
  now: number,
): Found {
  const ahead = knock.kind === "answers" ? knock.aheadMs : undefined;
  if (ahead !== undefined) {
    const off = Math.round(ahead / 1000) + 0;
    if (Math.abs(off) <= clockSeconds) return good(`It shows the time of ${peer}, to the second.`);
    const how = off > 0 ? "behind" : "ahead of";
    return bad(`This node's clock is ${Math.abs(off)} s ${how} that of ${peer}.`, remedy);
  }
  // It cannot have been written later than now, by whatever clock.
  const behind = Math.round((Date.parse(at) - now) / 1000);
  if (behind > clockSeconds) {
    return bad(`This node's clock is ${behind} s behind that of ${peer} at least.`, remedy);
  }
  const compare = `Compare it with that of ${peer}: date --utc, on both at once.`;
  return unknown("How far this node's clock is ahead cannot be asked.", compare);
}
