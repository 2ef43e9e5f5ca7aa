/** What the cluster repairs, moves and scrubs. */
import type { Answers } from "../area.ts";
import type { Core } from "../core.ts";
import type { progressMembers } from "./members.ts";

export function createProgress({ facts }: Core): Answers<typeof progressMembers> {
  const progress = () => facts.ask("progress", undefined);
  return { Progress: progress };
}
