/** Who has a key of the cluster. */
import type { Answers } from "../area.ts";
import type { Core } from "../core.ts";
import type { keyringMembers } from "./members.ts";

export function createKeyrings({ facts, user }: Core): Answers<typeof keyringMembers> {
  return { Keyrings: (_call, filter) => facts.ask("keyrings", { filter, own: user }) };
}
