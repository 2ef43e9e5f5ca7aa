/** What OSDs store on. */
import type { Answers } from "../area.ts";
import type { Core } from "../core.ts";
import type { deviceMembers } from "./members.ts";

export function createDevices({ facts }: Core): Answers<typeof deviceMembers> {
  return { Devices: (_call, filter) => facts.ask("devices", { filter, now: Date.now() }) };
}
