import type { Invitation } from "../invitation.ts";
import { bad, type Found, good } from "./check.ts";

/** @param own empty where Incus does not say which it is */
export function versions(
  own: { agent: string; incus: string },
  { versions: theirs, peer }: Pick<Invitation, "versions" | "peer">,
): Found {
  const differ = (["incus", "agent"] as const).filter((one) => own[one] !== theirs[one]);
  if (differ.length === 0) return good(`Incus ${own.incus} and agent ${own.agent} on both.`);
  const names = { incus: "Incus", agent: "the agent" };
  const facts = differ.map(
    (one) => `${names[one]} is ${own[one] || "unknown"} here and ${theirs[one]} at ${peer}`,
  );
  const fact = `${capital(facts.join(", and "))}.`;
  // Members of different versions wait for each other, with all that changes something.
  return bad(fact, "Bring both to one version first: apt upgrade, on the older one.");
}

const capital = (text: string) => text.charAt(0).toUpperCase() + text.slice(1);
